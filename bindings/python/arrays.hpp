// What the bindings have in common: arrays as the core takes them, and vectors as Python gets them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "parallel.hpp"
#include "spaces.hpp"
#include "watch.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace kpalette;

using Bytes = nb::ndarray<const std::uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Codes = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class Label>
using Labels = nb::ndarray<const Label, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Rows = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Coords = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class T, class Dims>
using Out = nb::ndarray<nb::numpy, T, Dims>;
using OutBytes = Out<std::uint8_t, nb::ndim<2>>;
using OutCodes = Out<std::uint32_t, nb::ndim<1>>;
using OutCounts = Out<std::int64_t, nb::ndim<1>>;
using OutLabels = Out<std::uint16_t, nb::ndim<1>>;
using OutCoords = Out<double, nb::ndim<2>>;
using OutSampleLabels = Out<std::int32_t, nb::ndim<1>>;
using OutDistances = Out<double, nb::ndim<1>>;
using OutRanks = Out<std::uint16_t, nb::ndim<2>>;
using OutHashes = Out<std::uint64_t, nb::ndim<1>>;

/// The same as memoryviews, for what is done without NumPy.
template <class T, class Dims>
using MemoryView = nb::ndarray<nb::memview, T, Dims>;
using ViewedBytes = MemoryView<std::uint8_t, nb::ndim<2>>;
using ViewedCounts = MemoryView<std::int64_t, nb::ndim<1>>;
using ViewedLabels = MemoryView<std::uint16_t, nb::ndim<1>>;

/// Gives a vector to Python without copying it.
template <class Array, class Vector>
Array hand_over(Vector&& values, std::initializer_list<std::size_t> shape) {
  static_assert(std::is_rvalue_reference_v<Vector&&>);
  auto* owned = new Vector(std::move(values));
  nb::capsule owner(owned, [](void* data) noexcept { delete static_cast<Vector*>(data); });
  return Array(owned->data(), shape, owner);
}

template <class Array>
auto view(const Array& array) {
  return std::span<const typename Array::Scalar>(array.data(), array.size());
}

/// What `call` returns, while other Python threads run.
template <class Call>
auto without_gil(const Call& call) {
  nb::gil_scoped_release release;
  return call();
}

/// Lets Ctrl-C end a job whose thread has released the GIL.
inline Watch watch_signals() {
  using Clock = std::chrono::steady_clock;
  return Watch([last = Clock::now()]() mutable {
    const auto now = Clock::now();
    if (now - last < std::chrono::milliseconds(50)) return;
    last = now;
    const nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  });
}

inline void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

inline int channels_of(const Bytes& colors) {
  require(colors.shape(1) == 3 || colors.shape(1) == 4, "expected 3 or 4 channels");
  return static_cast<int>(colors.shape(1));
}

inline void require_pairs(const Bytes& colors, const Counts& counts) {
  channels_of(colors);
  require(colors.shape(0) == counts.shape(0), "expected one count per colour");
}

inline OutCoords hand_over_coords(std::vector<double>&& coords, int dim) {
  const std::size_t n = coords.size() / static_cast<std::size_t>(dim);
  return hand_over<OutCoords>(std::move(coords), {n, static_cast<std::size_t>(dim)});
}

/// Besides those of a fit, there is the one for mixing.
inline Space space_named(const std::string& name, int channels) {
  if (name == "mixing") return {SpaceName::mixing, channels};
  return {choose(kSpaces, "space", name), channels};
}

template <class Table>
nb::tuple names_of(const Table& table) {
  nb::list names;
  for (const auto& entry : table) names.append(nb::str(entry.name.data(), entry.name.size()));
  return nb::tuple(names);
}

/// One index for each pixel, in any shape.
template <class Index>
using Flat = nb::ndarray<Index, nb::c_contig, nb::device::cpu>;
template <class Index>
using Indices = nb::ndarray<Index, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// ---- one file each ----

void def_colors(nb::module_& m);
void def_fits(nb::module_& m);
void def_samples(nb::module_& m);
void def_measures(nb::module_& m);
void def_mapping(nb::module_& m);
void def_indexed_files(nb::module_& m);
void def_png_reader(nb::module_& m);
void def_pictures(nb::module_& m);
void def_themes(nb::module_& m);
void def_theme_texts(nb::module_& m);
