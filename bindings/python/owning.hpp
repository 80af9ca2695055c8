// An assignment, of colours or of samples, with what it refers to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arrays.hpp"

/// An assignment that keeps alive what it refers to.
template <class Owner, class Assigned>
struct Owning {
  Owning(std::shared_ptr<Owner> owner_in, int k, std::shared_ptr<Team> team_in)
      : owner(std::move(owner_in)),
        team(std::move(team_in)),
        assignment(*owner->points, k, *team) {}

  std::shared_ptr<Owner> owner;
  std::shared_ptr<Team> team;
  Assigned assignment;

  std::vector<double> checked(const Coords& centers) const {
    require(centers.shape(0) == static_cast<std::size_t>(assignment.k()) &&
                centers.shape(1) == static_cast<std::size_t>(owner->points->dim()),
            "expected centers of shape (k, dim)");
    return {centers.data(), centers.data() + centers.size()};
  }
};

template <class Assigned>
std::int64_t update(Assigned& self, const Coords& centers) {
  const std::vector<double> values = self.checked(centers);
  nb::gil_scoped_release release;
  return self.assignment.update(values);
}

template <class Assigned>
double cost_of(const Assigned& self, const Coords& centers) {
  const std::vector<double> values = self.checked(centers);
  return without_gil([&] { return self.assignment.cost(values); });
}
