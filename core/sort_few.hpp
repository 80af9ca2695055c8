// Sorts of short lists, which take little code: std::sort takes 5 to 25 kB of WebAssembly for each
// type and order.
#pragma once

#include <algorithm>

namespace kpalette {

/// Sorts a list. Of two elements that differ, one must be before the other, so that there is one
/// order alone.
template <class List, class Before>
void sort_few(List& list, const Before& before) {
  std::ranges::make_heap(list, before);
  std::ranges::sort_heap(list, before);
}

/// Sorts a list of a few dozen elements; those that are equal stay in their order.
template <class List, class Before>
void sort_few_stably(List& list, const Before& before) {
  for (auto at = list.begin(); at != list.end(); ++at) {
    std::rotate(std::upper_bound(list.begin(), at, *at, before), at, at + 1);
  }
}

}  // namespace kpalette
