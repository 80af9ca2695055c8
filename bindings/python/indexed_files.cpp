// Indices as files have them: chosen by their bits, and coded for GIF and PNG.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "deflate_strips.hpp"
#include "gif_changes.hpp"
#include "lzw.hpp"
#include "lzw_choice.hpp"
#include "palette_order.hpp"
#include "png.hpp"
#include "raster.hpp"
#include "rate.hpp"
#include "row_filters.hpp"

namespace {

std::int64_t run_choose_by_rate(const Bytes& pixels, const Bytes& palette,
                                const Indices<std::uint8_t>& indices, float per_bit, float strength,
                                Team& team) {
  require(palette.shape(0) <= kMostIndexed, "expected 1 to 256 colours");
  require(per_bit >= 0 && per_bit <= 1, "expected a price from 0 to 1");
  require(strength >= 0 && strength <= 1, "expected a strength from 0 to 1");
  const Raster raster = raster_of(pixels, palette, indices, {0, 0});
  return without_gil([&] {
    return choose_by_rate(raster.pixels, channels_of(pixels), raster.width, view(palette), per_bit,
                          strength, indices.data(), team);
  });
}

bool run_choose_by_rate_after(const Bytes& pixels, const Bytes& palette,
                              const Indices<std::uint8_t>& indices, float per_bit,
                              const Bytes& pixels_before, const Bytes& indices_before,
                              const Indices<std::uint8_t>& drawn, Team& team) {
  const std::size_t k = palette.shape(0);
  require(channels_of(pixels) == 3, "expected pixels without alpha");
  require(k < kMostIndexed, "expected 1 to 255 colours");
  require(per_bit > 0 && per_bit <= 1, "expected a price above 0, to 1");
  require(indices.size() > 0, "expected at least one pixel");
  const Raster raster = raster_of(pixels, palette, indices, {0, 0});
  const auto are_entries = [&](std::span<const std::uint8_t> some) {
    return std::ranges::all_of(some, [&](auto index) { return index < k; });
  };
  require(are_entries({indices.data(), indices.size()}), "expected indices that the palette has");
  const RateFrame before{view(pixels_before), view(indices_before)};
  require(before.pixels.size() == pixels.size() && before.indices.size() == indices.size() &&
              drawn.size() == indices.size(),
          "expected frames of the same size");
  require(are_entries(before.indices), "expected indices before that the palette has");
  return without_gil([&] {
    return choose_by_rate_after(raster.pixels, raster.width, view(palette), per_bit, before,
                                indices.data(), drawn.data(), team);
  });
}

/// Left, top, width, height, the entry to keep or -1, whether it is cleared, and the data.
using WrittenImage =
    std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, int, bool, nb::bytes>;

std::optional<WrittenImage> written(const std::optional<GifImage>& image) {
  if (!image) return std::nullopt;
  const Rectangle& part = image->part;
  return WrittenImage{part.left,
                      part.top,
                      part.width(),
                      part.height(),
                      image->keep,
                      image->cleared,
                      nb::bytes(image->data.data(), image->data.size())};
}

/// Indices (h, w) and colours (k, 3 or 4).
using ShownFrame = std::tuple<Bytes, Bytes>;

std::vector<std::optional<WrittenImage>> run_code_changes(const std::vector<ShownFrame>& frames,
                                                          Team& team) {
  std::vector<GifFrame> given;
  for (const auto& [indices, colors] : frames) {
    const auto& [first, _] = frames.front();
    require(indices.size() > 0, "expected at least one pixel");
    require(indices.shape(0) == first.shape(0) && indices.shape(1) == first.shape(1),
            "expected frames of one size");
    require(colors.shape(0) >= 1 && colors.shape(0) <= kMostIndexed, "expected 1 to 256 colours");
    require(std::ranges::all_of(view(indices), [&](auto i) { return i < colors.shape(0); }),
            "expected indices that the palette has");
    given.push_back({view(indices), view(colors), channels_of(colors)});
  }
  if (given.empty()) return {};
  const std::size_t width = std::get<0>(frames.front()).shape(1);
  std::vector<std::optional<WrittenImage>> images;
  for (const auto& image : without_gil([&] { return code_changes(given, width, team); })) {
    images.push_back(written(image));
  }
  return images;
}

std::unique_ptr<LossyFrames> make_lossy_frames(const Bytes& palette, std::size_t height,
                                               std::size_t width, float per_bit) {
  require(palette.shape(0) >= 1 && palette.shape(0) <= kMostIndexed, "expected 1 to 256 colours");
  require(per_bit > 0 && per_bit <= 1, "expected a price above 0, to 1");
  require(height > 0 && width > 0, "expected at least one pixel");
  return std::make_unique<LossyFrames>(view(palette), channels_of(palette), width, height, per_bit);
}

std::optional<WrittenImage> run_choose(LossyFrames& self, const Bytes& pixels,
                                       const Indices<std::uint8_t>& indices, Team& team) {
  require(channels_of(pixels) == self.channels(), "expected equal numbers of channels");
  require(indices.shape(0) == self.height() && indices.shape(1) == self.width() &&
              pixels.shape(0) == indices.size(),
          "expected a frame of that size");
  require(std::all_of(indices.data(), indices.data() + indices.size(),
                      [&](auto index) { return index < self.k(); }),
          "expected indices that the palette has");
  return written(without_gil([&] { return self.choose(view(pixels), indices.data(), team); }));
}

// ---- indexed files ----

nb::bytes run_lzw(const Bytes& indices, int bits, int keep, const std::optional<Bytes>& kept) {
  require(bits >= 1 && bits <= 8, "expected 1 to 8 bits");
  require(keep >= -1 && keep < 1 << bits, "expected an entry to keep, or -1");
  require(std::ranges::all_of(view(indices), [&](auto index) { return index < 1 << bits; }),
          "expected indices of so many bits");
  require((keep >= 0) == kept.has_value(),
          "expected an entry to keep and what is kept, or neither");
  require(!kept || kept->size() == indices.size(), "expected as many pixels that are kept");
  const LzwFrame frame{.bits = bits,
                       .indices = view(indices),
                       .keep = keep,
                       .kept = kept ? view(*kept) : std::span<const std::uint8_t>()};
  const auto data = without_gil([&] { return lzw(frame); });
  return nb::bytes(data.data(), data.size());
}

using OutEntries = Out<std::uint8_t, nb::ndim<1>>;

std::span<const std::uint8_t> bytes_of(const nb::bytes& data) {
  return {static_cast<const std::uint8_t*>(data.data()), data.size()};
}

OutEntries run_lzw_entries(const nb::bytes& data) {
  const auto found = lzw_entries(bytes_of(data));
  return hand_over<OutEntries>(std::vector<std::uint8_t>(found.begin(), found.end()),
                               {found.size()});
}

nb::bytes run_recode_lzw(const nb::bytes& data, const Labels<std::uint8_t>& entries, int bits) {
  require(bits >= 1 && bits <= 8, "expected 1 to 8 bits");
  require(entries.size() == kMostIndexed, "expected 256 entries");
  std::array<std::uint8_t, kMostIndexed> table{};
  std::ranges::copy(view(entries), table.begin());
  const auto coded = without_gil([&] { return recode_lzw(bytes_of(data), table, bits); });
  return nb::bytes(coded.data(), coded.size());
}

OutEntries run_order_palette(const Bytes& indices, const Labels<std::uint8_t>& first, int passes) {
  const std::size_t k = first.shape(0);
  require(k >= 1 && k <= kMostIndexed, "expected 1 to 256 colours");
  require(indices.size() > 0, "expected at least one pixel");
  require(std::ranges::all_of(view(indices), [&](auto index) { return index < k; }),
          "expected indices that the palette has");
  Team team(1);
  return hand_over<OutEntries>(without_gil([&] {
                                 return order_palette(
                                     count_neighbours(view(indices), indices.shape(1), k, team),
                                     view(first), passes);
                               }),
                               {k});
}

OutBytes run_filter_rows(const Bytes& rows, const std::string& choice, Team& team) {
  require(rows.size() > 0, "expected at least one byte");
  require(choice == "least sum" || choice == "model", "expected the name of a choice");
  const auto how = choice == "model" ? FilterChoice::model : FilterChoice::least_sum;
  const std::size_t stride = rows.shape(1);
  const auto make = [&](std::size_t row, std::uint8_t* to) {
    std::copy_n(rows.data() + row * stride, stride, to);
  };
  return hand_over<OutBytes>(
      without_gil([&] { return filter_rows(rows.shape(0), stride, make, how, team); }),
      {rows.shape(0), stride + 1});
}

nb::bytes run_join_zlib(const std::vector<nb::bytes>& streams,
                        const std::vector<std::size_t>& sizes) {
  require(streams.size() == sizes.size(), "expected one size per stream");
  require(!streams.empty(), "expected at least one stream");
  std::vector<DeflatedStrip> strips;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto bytes = bytes_of(streams[i]);
    std::vector<std::uint8_t> zlib(bytes.begin(), bytes.end());
    strips.push_back(open_strip(std::move(zlib), sizes[i], i + 1 == streams.size()));
  }
  const std::vector<std::uint8_t> joined = join_strips(strips);
  return nb::bytes(joined.data(), joined.size());
}

/// A Python function that compresses, as the core calls it, from any thread.
Deflate deflate_by(const nb::callable& function) {
  return [&function](std::span<const std::uint8_t> bytes, int level) {
    const nb::gil_scoped_acquire acquire;
    const auto size = static_cast<Py_ssize_t>(bytes.size());
    const auto given = nb::steal(PyMemoryView_FromMemory(
        reinterpret_cast<char*>(const_cast<std::uint8_t*>(bytes.data())), size, PyBUF_READ));
    const nb::object made = function(given, level);
    Py_buffer buffer;
    if (PyObject_GetBuffer(made.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
    const auto* first = static_cast<const std::uint8_t*>(buffer.buf);
    std::vector<std::uint8_t> compressed(first, first + buffer.len);
    PyBuffer_Release(&buffer);
    return compressed;
  };
}

std::tuple<nb::bytes, nb::bytes, nb::bytes> run_png(const Bytes& indices, const Bytes& colors,
                                                    const std::string& effort, bool keep_order,
                                                    bool may_be_grey, const nb::callable& deflate,
                                                    Team& team) {
  const std::size_t k = colors.shape(0);
  require(k >= 1 && k <= kMostIndexed, "expected 1 to 256 colours");
  require(indices.size() > 0, "expected at least one pixel");
  require(std::ranges::all_of(view(indices), [&](auto index) { return index < k; }),
          "expected indices that the palette has");
  const PngOptions options{.effort = choose(kPngEfforts, "effort", effort),
                           .keep_order = keep_order,
                           .may_be_grey = may_be_grey};
  const PngChunks chunks = without_gil([&] {
    const Watch watch = watch_signals();
    PngEncoder encoder(view(indices), indices.shape(1), view(colors), channels_of(colors), options,
                       deflate_by(deflate), team);
    while (encoder.step()) watch.look(0);
    return encoder.chunks();
  });
  const auto bytes = [](const std::vector<std::uint8_t>& part) {
    return nb::bytes(part.data(), part.size());
  };
  return {bytes(chunks.header), bytes(chunks.palette), bytes(chunks.rows)};
}

}  // namespace

void def_indexed_files(nb::module_& m) {
  m.attr("PER_BIT") = nb::tuple(nb::cast(std::vector<float>(kPerBit.begin(), kPerBit.end())));
  m.def("per_bit", &per_bit, "smaller"_a, "What a bit may cost in squared error in Oklab.");
  m.def("choose_by_rate", &run_choose_by_rate, "pixels"_a, "palette"_a, "indices"_a.noconvert(),
        nb::kw_only(), "per_bit"_a, "strength"_a, "team"_a,
        "Turns the indices (h, w) of nearest entries into such as deflate writes in fewer bits, of "
        "which `per_bit` in Oklab is what one may cost; returns the bits.");
  m.def("choose_by_rate_after", &run_choose_by_rate_after, "pixels"_a, "palette"_a,
        "indices"_a.noconvert(), nb::kw_only(), "per_bit"_a, "pixels_before"_a, "indices_before"_a,
        "drawn"_a.noconvert(), "team"_a,
        "The same after a frame of the same palette, whose pixels may stay. `drawn`, uint8 (h, w), "
        "becomes 1 where pixels are written; returns whether any are.");
  nb::class_<LossyFrames>(
      m, "LossyFrames",
      "Frames of one palette as LZW writes them in few bits, of which `per_bit` "
      "in squared error is what one may cost.")
      .def(nb::new_(&make_lossy_frames), "palette"_a, "height"_a, "width"_a, nb::kw_only(),
           "per_bit"_a)
      .def(
          "choose", &run_choose, "pixels"_a, "indices"_a.noconvert(), "team"_a,
          "Turns the indices (h, w) of nearest entries of the next frame into such as take fewer "
          "bits. Returns the left, top, width, height, entry to keep or -1, whether it is cleared, "
          "and data of the image, if there is one.")
      .def_prop_ro("cost", &LossyFrames::cost, "Of the last frame: its error, and its bits.");
  m.def(
      "lzw", &run_lzw, "indices"_a, "bits"_a, nb::kw_only(), "keep"_a = -1, "kept"_a = nb::none(),
      "The data of an image in a GIF; pixels that are `kept` may be written as the entry `keep`.");
  m.def("code_changes", &run_code_changes, "frames"_a, "team"_a,
        "What a GIF has of each frame, pairs of indices (h, w) and colours (k, 3 or 4): left, top, "
        "width, height, entry to keep or -1, whether it is cleared, and data; None for a frame "
        "that looks like the one before.");
  m.def("lzw_entries", &run_lzw_entries, "data"_a,
        "Whether an image's data have each entry, uint8 (256,).");
  m.def("recode_lzw", &run_recode_lzw, "data"_a, "entries"_a, "bits"_a,
        "The same data with other entries, uint8 (256,), of at most as many bits.");
  m.def("order_palette", &run_order_palette, "indices"_a, "first"_a, "passes"_a,
        "The order in which neighbours' indices are near, uint8 (k,); `first` marks who leads.");
  m.def("filter_rows", &run_filter_rows, "rows"_a, "choice"_a, "team"_a,
        "Rows (h, n) as differences, each after its filter's number, uint8 (h, 1 + n).");
  m.def("join_zlib", &run_join_zlib, "streams"_a, "sizes"_a,
        "One zlib stream of several of one level, whose bytes are so many, one after the other.");
  m.def("png", &run_png, "indices"_a, "colors"_a, nb::kw_only(), "effort"_a, "keep_order"_a,
        "may_be_grey"_a, "deflate"_a, "team"_a,
        "Chunks of the smallest PNG file found: IHDR; PLTE and tRNS, if there are any; and IDAT. "
        "`effort` is quick, usual or thorough; `deflate` makes a zlib stream of bytes by a level.");
}
