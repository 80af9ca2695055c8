// Reading PNG files, with bytes instead of arrays: nothing here needs NumPy.
#include "png_reader.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>
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

/// Rows with a format of their own.
struct OwningRows {
  PngFormat format;
  PngRows rows{format, format.width};
};

std::unique_ptr<OwningRows> make_png_rows(const PngFormat& format, const nb::bytes& above) {
  require(format.is_valid() && !format.interlaced, "expected a valid format, not interlaced");
  const std::size_t n = format.stride(format.width) - 1;
  require(above.size() == 0 || above.size() == n, "expected a row, or nothing");
  std::unique_ptr<OwningRows> made(new OwningRows{format});  // whose rows refer to it: never moved
  made->rows.go_on_below(copied(above));
  return made;
}

std::optional<nb::bytearray> run_read_rows(OwningRows& self, nb::bytearray rows) {
  const std::size_t stride = self.format.stride(self.format.width);
  require(rows.size() % stride == 0, "expected whole rows");
  const std::size_t n =
      rows.size() / stride * self.format.width * static_cast<std::size_t>(self.format.channels());
  nb::bytearray pixels = rows;
  if (!self.format.is_plain()) pixels = room_for(n);
  const std::span<std::uint8_t> from(data_of(rows), rows.size());
  std::uint8_t* const to = data_of(pixels);
  if (!without_gil([&] { return self.rows.read(from, to); })) return std::nullopt;
  pixels.resize(n);
  return pixels;
}

}  // namespace

void def_png_reader(nb::module_& m) {
  nb::class_<PngFormat>(m, "PngFormat", "What a PNG file says of its pixels.")
      .def(nb::new_(&make_png_format), "width"_a, "height"_a, "depth"_a, "color"_a, "interlaced"_a,
           "palette"_a, "transparency"_a)
      .def_prop_ro("is_valid", &PngFormat::is_valid)
      .def_ro("interlaced", &PngFormat::interlaced)
      .def_prop_ro("channels", &PngFormat::channels, "4 if some pixel may be transparent, or 3.")
      .def_prop_ro(
          "stride", [](const PngFormat& self) { return self.stride(self.width); },
          "The bytes of a row, with its filter's number.")
      .def_prop_ro("size", &PngFormat::size, "The bytes of all rows, with their filters' numbers.");
  nb::class_<OwningRows>(m, "PngRows", "Rows of a format, from above to below.")
      .def(nb::new_(&make_png_rows), "format"_a, "above"_a = nb::bytes("", 0),
           "`above` is that of a reader that read the rows before.")
      .def("read", &run_read_rows, "rows"_a,
           "Pixels (rows * width * channels) of inflated rows, as read_png makes them.")
      .def_prop_ro("above", [](const OwningRows& self) {
        return nb::bytes(self.rows.above().data(), self.rows.above().size());
      });
  m.def("read_png", &run_read_png, "format"_a, "rows"_a,
        "Pixels (height * width * channels) of the inflated rows of a valid format, and channels: "
        "3, or 4 if some pixel is not opaque. None if the rows are damaged. The rows are "
        "overwritten, and may become the pixels.");
}
