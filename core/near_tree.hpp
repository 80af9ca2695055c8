// Search for the few nearest neighbours of a point with a k-d tree (Bentley 1975,
// doi:10.1145/361002.361007).
//
// Boxes that are too far are skipped. A box's distance is computed like a point's, from the box's
// nearest coordinates. Rounding is monotonic, so that it is never larger than the distance of a
// point in the box: the result is exact.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "point4.hpp"

namespace kpalette {

class NearTree {
 public:
  /// A squared distance and a point's index. Among equal distances, the lower index comes first.
  using Near = std::pair<float, std::int32_t>;

  /// `ids` are the indices of the points in the tree. The points must outlive the tree.
  NearTree(std::span<const Point4> points, std::vector<std::int32_t> ids);

  /// Returns up to `most` points with a distance above 0, the nearest first: those with the least
  /// ((x0 - p0)^2 + (x1 - p1)^2) + ... in floats, without contraction. Several threads may call it
  /// at the same time.
  std::vector<Near> find(Point4 place, std::size_t most) const;

 private:
  /// The box of points ids_[first] to ids_[last]. Its children, if any, are the next node and
  /// nodes_[right].
  struct Node {
    Point4 low{};
    Point4 high{};
    std::int32_t least_id = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t right = 0;
  };

  std::uint32_t build(std::uint32_t first, std::uint32_t last);
  void search(std::uint32_t node, Point4 place, std::size_t most, std::vector<Near>& heap) const;

  std::span<const Point4> points_;
  std::vector<std::int32_t> ids_;
  std::vector<Node> nodes_;
};

}  // namespace kpalette
