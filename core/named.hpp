// Tables of what can be chosen by name. Each stands once, beside what it chooses from. Python, the
// command line and the page list it in its order, and so do their errors.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kpalette {

template <class T>
struct Named {
  std::string_view name;
  T value;
};

/// Returns the entry of that name. Throws std::invalid_argument, with `what` it is and all names.
template <class T, std::size_t N>
const T& choose(const std::array<Named<T>, N>& table, std::string_view what,
                std::string_view name) {
  std::string known;
  for (const auto& entry : table) {
    if (entry.name == name) return entry.value;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw std::invalid_argument(std::string(what) + ": expected one of " + known + ", got '" +
                              std::string(name) + "'");
}

}  // namespace kpalette
