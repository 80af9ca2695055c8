// Whole pictures, before they have a palette.
#include "arrays.hpp"
#include "resample.hpp"

namespace {

using Picture = nb::ndarray<const std::uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using OutPicture = Out<std::uint8_t, nb::ndim<3>>;

}  // namespace

void def_pictures(nb::module_& m) {
  m.def(
      "resample",
      [](const Picture& pixels, std::size_t width, std::size_t height, Team& team) {
        const std::size_t channels = pixels.shape(2);
        require(channels == 3 || channels == 4, "expected 3 or 4 channels");
        require(pixels.size() > 0 && width > 0 && height > 0, "expected at least one pixel");
        std::vector<std::uint8_t> out(width * height * channels);
        without_gil([&] {
          resample(view(pixels), {pixels.shape(1), pixels.shape(0)}, static_cast<int>(channels),
                   {width, height}, out, team);
          return 0;
        });
        return hand_over<OutPicture>(std::move(out), {height, width, channels});
      },
      "pixels"_a, "width"_a, "height"_a, "team"_a,
      "Pixels resampled by Lanczos's filter in linear light, uint8 (height, width, channels).");
}
