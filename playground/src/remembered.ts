// Keeps the settings in the address, and reads them from there.

import { fromFragment, toFragment } from "./address";
import { clearNotice, notice } from "./messages";
import type { Session } from "./session";

/** The least time between two changes of the address, in ms; browsers limit their number. */
const REST = 300;

export function connectAddress(session: Session): void {
  let timer = 0;
  const read = () => {
    const { settings, ignored } = fromFragment(location.hash);
    if (ignored.length) {
      const what = ignored
        .map((part) => `“${part.slice(0, 40)}”`)
        .slice(0, 3)
        .join(", ");
      const more = ignored.length > 3 ? ` and ${ignored.length - 3} more` : "";
      notice(`The address has settings that are unknown here, and ignored: ${what}${more}.`, "note", "address");
    } else clearNotice("address");
    session.change(settings);
  };
  read();
  addEventListener("hashchange", read);
  const write = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const fragment = toFragment(session.lasting);
      if (fragment !== location.hash) history.replaceState(null, "", fragment);
    }, REST);
  };
  session.changed.on(write);
  session.opened.on(write); // of another picture nothing is edited yet
}
