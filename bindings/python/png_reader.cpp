// Reading PNG files, with bytes instead of arrays: nothing here needs NumPy.
#include "png_reader.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <optional>
#include <tuple>
#include <vector>

#include "arrays.hpp"

namespace {

std::vector<std::uint8_t> copied(const nb::bytes& bytes) {
  const auto* first = static_cast<const std::uint8_t*>(bytes.data());
  return {first, first + bytes.size()};
}

PngFormat make_png_format(std::size_t width, std::size_t height, int depth, int color,
                          bool interlaced, const nb::bytes& palette,
                          const nb::bytes& transparency) {
  return {width, height, depth, color, interlaced, copied(palette), copied(transparency)};
}

std::uint8_t* data_of(nb::bytearray& bytes) { return static_cast<std::uint8_t*>(bytes.data()); }

nb::bytearray room_for(std::size_t bytes) {
  PyObject* made = PyByteArray_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(bytes));
  if (made == nullptr) throw nb::python_error();
  return nb::steal<nb::bytearray>(made);
}

std::optional<std::tuple<nb::bytearray, int>> run_read_png(const PngFormat& format,
                                                           nb::bytearray rows) {
  require(format.is_valid(), "expected a valid format");
  require(rows.size() == format.size(), "expected as many bytes of rows as the format has");
  const std::size_t n = format.width * format.height;
  nb::bytearray pixels = rows;
  if (!format.is_plain()) pixels = room_for(n * static_cast<std::size_t>(format.channels()));
  const std::span<std::uint8_t> from(data_of(rows), rows.size());
  std::uint8_t* const to = data_of(pixels);
  const int channels = without_gil([&] { return read_png(format, from, to); });
  if (channels == 0) return std::nullopt;
  pixels.resize(n * static_cast<std::size_t>(channels));
  return std::tuple{pixels, channels};
}

}  // namespace

void def_png_reader(nb::module_& m) {
  nb::class_<PngFormat>(m, "PngFormat", "What a PNG file says of its pixels.")
      .def(nb::new_(&make_png_format), "width"_a, "height"_a, "depth"_a, "color"_a, "interlaced"_a,
           "palette"_a, "transparency"_a)
      .def_prop_ro("is_valid", &PngFormat::is_valid)
      .def_prop_ro("size", &PngFormat::size, "The bytes of all rows, with their filters' numbers.");
  m.def("read_png", &run_read_png, "format"_a, "rows"_a,
        "Pixels (height * width * channels) of the inflated rows of a valid format, and channels: "
        "3, or 4 if some pixel is not opaque. None if the rows are damaged. The rows are "
        "overwritten, and may become the pixels.");
}
