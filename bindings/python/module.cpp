// The core as kpalette._core: check arrays, release the GIL, call, hand the results over.
//
// The Python package checks values and gives the errors that users see; what is checked here keeps
// a wrong call from reading outside an array.
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "kernels.hpp"

NB_MODULE(_core, m) {
  m.doc() = "The native engine. Use the kpalette package: nothing here is public.";

  nb::class_<Team>(m, "Team", "Threads that the calls of one job share.")
      .def(nb::new_([](int threads) {
             require(threads >= 1, "expected at least one thread");
             return std::make_shared<Team>(threads);
           }),
           "threads"_a)
      .def_prop_ro("size", &Team::size);

  m.def("isa", [] { return kernels().name; }, "The instruction set in use.");
  m.def(
      "isas",
      [] {
        std::vector<std::string> names;
        for (const Kernels* table : runnable_kernels()) names.emplace_back(table->name);
        return names;
      },
      "Those that this processor can run, the best first.");

  def_colors(m);
  def_fits(m);
  def_samples(m);
  def_measures(m);
  def_mapping(m);
  def_indexed_files(m);
  def_png_reader(m);
  def_pictures(m);
  def_themes(m);
  def_theme_texts(m);
}
