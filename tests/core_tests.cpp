// Tests of the core against plain references, without Python.
//
// `make core-test` runs them under sanitizers, once for each instruction set that the machine has.
// Exit status: 0 if all is well, 1 if a check failed, 77 if KPALETTE_ISA cannot run here.
#include <atomic>
#include <iostream>
#include <stdexcept>
#include <string>

#include "core_checks.hpp"
#include "core_data.hpp"
#include "core_isas.hpp"
#include "fit.hpp"
#include "improve.hpp"
#include "kernels.hpp"
#include "lloyd.hpp"
#include "palette.hpp"
#include "rate.hpp"
#include "remap.hpp"
#include "saliency.hpp"
#include "vivid_regions.hpp"

namespace {

// ---- threads ----

void test_team() {
  for (const int threads : {1, 2, 3}) {
    current_case = text("team of ", threads);
    Team team(threads);
    CHECK_EQUAL(team.size(), threads);
    team.run(0, [](std::size_t, int) { throw std::logic_error("there is no task"); });

    std::vector<int> calls(10000);
    std::atomic<bool> known_workers{true};
    team.run(calls.size(), [&](std::size_t task, int worker) {
      ++calls[task];
      if (worker < 0 || worker >= threads) known_workers = false;
    });
    CHECK(known_workers);
    CHECK_EQUAL(calls, std::vector<int>(calls.size(), 1));

    for (const std::size_t culprit : {0, 1, 99}) {
      const auto fail = [&](std::size_t task, int) {
        if (task == culprit) throw std::domain_error("task");
      };
      CHECK_THROWS(std::domain_error, (team.run(100, fail), 0));
    }
    CHECK_THROWS(std::runtime_error,
                 (team.run(50, [](std::size_t, int) { throw std::runtime_error("all"); }), 0));

    // The team works on after failures, through many short rounds.
    std::atomic<std::int64_t> sum{0};
    for (int round = 0; round < 3000; ++round) {
      team.run(5, [&](std::size_t task, int) { sum += static_cast<std::int64_t>(task); });
    }
    CHECK_EQUAL(sum.load(), 30000);
  }
  current_case = "teams that start and stop";
  std::atomic<int> tasks{0};
  for (int round = 0; round < 100; ++round) {
    Team team(3);
    if (round % 2) team.run(4, [&](std::size_t, int) { ++tasks; });
  }
  CHECK_EQUAL(tasks.load(), 200);
}

// ---- the same bytes, whatever runs ----

/// All that a job makes, as one vector of bytes.
Bytes run_job(const Bytes& pixels, int channels, int k, int threads) {
  Bytes all;
  const auto keep = [&](const auto& values) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(values.data());
    all.insert(all.end(), data, data + values.size() * sizeof values[0]);
  };
  Team team(threads);
  const Histogram colors = count_colors(pixels, channels, team);
  keep(colors.colors);
  keep(colors.counts);
  const Points points(colors.colors, space_of(channels), colors.counts, team);
  for (const auto& [name, seeding] : kSeedings) {
    const Coords start = seeding(points, k, 32, team);
    keep(start);
    Assignment assignment(points, k, team);
    Fit fit = lloyd(assignment, start, {.max_iter = 12, .relaxed = 8});
    keep(fit.centers);
    fit.n_iter += improve(assignment, fit.centers, {.rounds = 2});
    keep(fit.centers);
    keep(grow(assignment, fit.centers, k + k / 2));
    keep(std::vector{fit.inertia, static_cast<double>(fit.n_iter)});
    const Bytes palette = round_centers(assignment, fit.centers);
    keep(palette);
    if (current_space == SpaceName::oklab) {
      keep(find_vivid_regions(assignment, place_all(palette, channels), 4));
    }
    const Labels labels = labels_of(assignment);
    keep(labels);
    std::vector<std::uint16_t> indices(pixels.size() / channels);
    remap<std::uint16_t, std::uint16_t>(pixels, channels, colors.colors, labels, indices.data(),
                                        team);
    keep(indices);
    if (current_space == SpaceName::oklab) {
      Bytes cheap(indices.begin(), indices.end());
      keep(std::vector{
          choose_by_rate(pixels, channels, 100, palette, kPerBit[2], 0.7f, cheap.data(), team)});
      keep(cheap);
      if (channels == 3 && palette.size() / 3 < 256) {
        const Bytes before(cheap.rbegin(), cheap.rend());
        const Bytes others(pixels.rbegin(), pixels.rend());
        Bytes drawn(cheap.size());
        choose_by_rate_after(pixels, 100, palette, kPerBit[2], {others, before}, cheap.data(),
                             drawn.data(), team);
        keep(cheap);
        keep(drawn);
      }
    }
  }
  Fitter fitter(colors, space_of(channels), team);
  const auto keep_fitted = [&] {
    while (fitter.step()) continue;
    const Fitted& found = fitter.fitted();
    keep(found.colors);
    keep(found.counts);
    keep(found.labels);
    keep(found.centers);
    keep(std::vector{found.cost, found.mse, static_cast<double>(found.n_iter)});
  };
  for (const auto& [name, effort] : kEfforts) {
    fitter.fit(name == "best" ? 3 : k, effort, 32);
    keep_fitted();
  }
  fitter.fit(k, kEfforts[1].value, 32, {}, true);
  keep_fitted();
  for (const int more : {k, 3 * k}) {
    fitter.grow(more, kEfforts[1].value, 32);
    keep_fitted();
  }
  keep(saliency_map(pixels, pixels.size() / (100 * channels), 100, channels, team));
  // Empty clusters are mended in an order that all agree on.
  Assignment assignment(points, k, team);
  keep(lloyd(assignment, Coords(k * channels, 7.5), {.max_iter = 5}).centers);
  return all;
}

void test_same_bytes() {
  const std::string used = kernels().name;
  for (const int channels : {3, 4}) {
    for (const Kind kind : {Kind::noise, Kind::smooth}) {
      const std::size_t n = kind == Kind::noise ? 20000 : 70000;
      const Bytes pixels = make_pixels(n, channels, kind, 33);
      const Bytes expected = run_job(pixels, channels, 40, 1);
      current_case = text("one thread equals three, ", channels, " channels");
      CHECK(run_job(pixels, channels, 40, 3) == expected);
      for_each_isa([&](const char* isa) {
        if (isa == used) return;
        current_case = text(isa, " equals ", used, ", ", channels, " channels");
        CHECK(run_job(pixels, channels, 40, 1) == expected);
      });
    }
  }
}

}  // namespace

int main() {
  std::string isa;
  try {
    isa = kernels().name;
  } catch (const std::invalid_argument& error) {
    std::cout << "skipped: " << error.what() << '\n';
    return 77;
  }
  test_team();
  test_colors();
  test_fits();
  test_fitter();
  test_bins();
  for (const auto& [name, space] : kSpaces) {
    current_space = space;
    test_same_bytes();
  }
  test_samples();
  test_dithering();
  test_files();
  test_rate();
  test_theme_texts();
  test_themes();
  std::cout << "kernels " << isa << ": " << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
