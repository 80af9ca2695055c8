// Failures, memory, and what can be chosen by name.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <typeinfo>

#include "dither.hpp"
#include "exports.hpp"
#include "fit.hpp"
#include "seeding.hpp"
#include "theme.hpp"

// ---- failures: nothing here catches, so that what is thrown becomes an error of JavaScript ----

/// Throws in the worker, which lets go of this instance and its memory.
extern "C" __attribute__((import_module("kpalette"), import_name("fail"))) [[noreturn]] void fail(
    const char* message, std::size_t length);

extern "C" void* __cxa_allocate_exception(std::size_t) noexcept {
  alignas(16) static std::array<std::byte, 256> room;  // of memory there may be none left
  return room.data();
}

extern "C" [[noreturn]] void __cxa_throw(void* thrown, std::type_info*, void (*)(void*)) {
  const char* message = static_cast<std::exception*>(thrown)->what();  // the core throws no other
  fail(message, std::strlen(message));
}

void* operator new(std::size_t size) {
  void* memory = std::malloc(std::max<std::size_t>(size, 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

/// A table's names, as a list in JSON.
template <class Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& entry : table) {
    names += (names.empty() ? "[\"" : "\",\"") + std::string(entry.name);
  }
  return names + "\"]";
}

}  // namespace

// ---- what can be chosen ----

/// All tables, as an object of lists in JSON that ends with 0.
EXPORT(tables) const char* tables() {
  static const std::string all =
      "{\"spaces\":" + names_of(kSpaces) + ",\"seedings\":" + names_of(kSeedings) +
      ",\"efforts\":" + names_of(kEfforts) + ",\"dithers\":" + names_of(kDithers) +
      ",\"roles\":" + names_of(kRoles) + "}";
  return all.c_str();
}

// ---- memory ----

EXPORT(malloc_bytes) void* malloc_bytes(std::size_t size) { return operator new(size); }
EXPORT(free_bytes) void free_bytes(void* memory) { std::free(memory); }

EXPORT(bytes_at) const std::uint8_t* bytes_at(const OutBytes* self) { return self->data(); }
EXPORT(bytes_size) std::size_t bytes_size(const OutBytes* self) { return self->size(); }
EXPORT(bytes_free) void bytes_free(OutBytes* self) { delete self; }
