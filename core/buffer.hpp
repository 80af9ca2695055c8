// A vector for large arrays. New elements are not initialized, because they are written at once.
// Memory is in huge pages if the system has them: a job on a photo touches some 20 MB, and with
// pages of 4 KB, half of its time would go into page faults.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace kpalette {

template <class T>
struct BufferAllocator {
  using value_type = T;

  BufferAllocator() = default;
  template <class U>
  BufferAllocator(const BufferAllocator<U>&) {}

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
#if defined(__linux__)
    if (bytes >= kHuge / 2) {
      const std::size_t pages = (bytes + kHuge - 1) / kHuge * kHuge;
      void* const memory = ::operator new(pages, std::align_val_t{kHuge});
      madvise(memory, pages, MADV_HUGEPAGE);  // only advice: if it fails, pages are small
      return static_cast<T*>(memory);
    }
#endif
    return static_cast<T*>(::operator new(bytes));
  }

  void deallocate(T* memory, [[maybe_unused]] std::size_t n) {
#if defined(__linux__)
    if (n * sizeof(T) >= kHuge / 2) {
      ::operator delete(memory, std::align_val_t{kHuge});
      return;
    }
#endif
    ::operator delete(memory);
  }

  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }

  bool operator==(const BufferAllocator&) const = default;

#if defined(__linux__)

 private:
  static constexpr std::size_t kHuge = std::size_t{2} << 20;
#endif
};

template <class T>
using Buffer = std::vector<T, BufferAllocator<T>>;

}  // namespace kpalette
