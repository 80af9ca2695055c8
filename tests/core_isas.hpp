// Runs a check with each instruction set that this machine has.
#pragma once

#include <cstdlib>
#include <string>

#include "kernels.hpp"

/// Makes the engine use the instruction set of that name, or its own choice if that is empty.
inline void choose_isa(const std::string& name) {
#if defined(_WIN32)
  _putenv_s("KPALETTE_ISA", name.c_str());
#else
  setenv("KPALETTE_ISA", name.c_str(), 1);
#endif
}

/// Calls body(name) with each instruction set in turn, then goes back to the one in use before.
template <class Body>
void for_each_isa(const Body& body) {
  const char* const wanted = std::getenv("KPALETTE_ISA");
  const std::string restore = wanted != nullptr ? wanted : "";
  for (const kpalette::Kernels* table : kpalette::runnable_kernels()) {
    choose_isa(table->name);
    body(table->name);
  }
  choose_isa(restore);
}
