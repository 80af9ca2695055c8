// What stands still from frame to frame: another colour there is seen as flicker.
#pragma once

namespace kpalette {

inline constexpr float kStill = 4e-4f;  // the squared distance below which a source is still
inline constexpr int kMoved = 1;        // levels: what differs by more is drawn,
inline constexpr float kWorth = 0.5f;   // if its error is above so much of a bit's price

}  // namespace kpalette
