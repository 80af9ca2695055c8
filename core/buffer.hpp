// A vector whose new elements are not set to zero: for large arrays that are written at once,
// where filling them first would cost as much as the work.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace kpalette {

template <class T>
struct DefaultInit : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = DefaultInit<U>;
  };

  using std::allocator<T>::allocator;

  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};

template <class T>
using Buffer = std::vector<T, DefaultInit<T>>;

}  // namespace kpalette
