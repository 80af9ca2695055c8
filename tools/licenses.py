"""Print the licences of what is linked into the playground's engine, from its sources.

    python tools/licenses.py > playground/engine/wasm/licenses.txt

These are libdeflate, and of the compiler in the package ziglang: the C and C++ libraries for
WebAssembly, and what the compiler itself adds.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    spec = find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise SystemExit("tools/licenses.py: expected the package ziglang, found none")
    zig = Path(spec.origin).parent
    parts = {
        "libdeflate": ROOT / "build/libdeflate/COPYING",
        "wasi-libc": zig / "lib/libc/wasi/LICENSE",
        "wasi-libc's own parts": zig / "lib/libc/wasi/LICENSE-MIT",
        "cloudlibc, in wasi-libc": zig / "lib/libc/wasi/libc-bottom-half/cloudlibc/LICENSE",
        "musl, in wasi-libc": zig / "lib/libc/musl/COPYRIGHT",
        "libc++ and libc++abi": zig / "lib/libcxx/LICENSE.TXT",
        "Zig's compiler_rt": zig / "LICENSE",
    }
    for name, path in parts.items():
        print(
            f"==== {name} (in kpalette.wasm) ====\n\n{path.read_text(encoding='utf-8').strip()}\n"
        )


if __name__ == "__main__":
    main()
