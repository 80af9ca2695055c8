#include "near_tree.hpp"

#include <algorithm>

namespace kpalette {
namespace {

constexpr std::uint32_t kLeaf = 8;

float square_of(Point4 offset) {
  const Point4 squares = offset * offset;
  return ((squares[0] + squares[1]) + squares[2]) + squares[3];
}

/// The squared distance of a place to a box; 0 within it.
float square_to(Point4 low, Point4 high, Point4 place) {
  return square_of(most4(most4(low - place, place - high), Point4{}));
}

}  // namespace

NearTree::NearTree(std::span<const Point4> points, std::vector<std::int32_t> ids)
    : points_(points), ids_(std::move(ids)) {
  if (!ids_.empty()) build(0, static_cast<std::uint32_t>(ids_.size()));
}

std::uint32_t NearTree::build(std::uint32_t first, std::uint32_t last) {
  const auto at = [&](std::int32_t id) { return points_[static_cast<std::size_t>(id)]; };
  Node node;
  node.first = first;
  node.last = last;
  node.least_id = ids_[first];
  node.low = node.high = at(ids_[first]);
  for (std::uint32_t i = first; i < last; ++i) {
    node.low = least4(node.low, at(ids_[i]));
    node.high = most4(node.high, at(ids_[i]));
    node.least_id = std::min(node.least_id, ids_[i]);
  }
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(node);
  if (last - first <= kLeaf) return index;
  const Point4 extent = node.high - node.low;
  int axis = 0;
  for (int other = 1; other < 4; ++other) {
    if (extent[other] > extent[axis]) axis = other;
  }
  const std::uint32_t middle = first + (last - first) / 2;
  std::nth_element(ids_.begin() + first, ids_.begin() + middle, ids_.begin() + last,
                   [&](std::int32_t a, std::int32_t b) { return at(a)[axis] < at(b)[axis]; });
  build(first, middle);
  const std::uint32_t right = build(middle, last);
  nodes_[index].right = right;
  return index;
}

std::vector<NearTree::Near> NearTree::find(Point4 place, std::size_t most) const {
  std::vector<Near> heap;
  heap.reserve(most + 1);
  if (!nodes_.empty() && most > 0) search(0, place, most, heap);
  std::sort_heap(heap.begin(), heap.end());
  return heap;
}

void NearTree::search(std::uint32_t index, Point4 place, std::size_t most,
                      std::vector<Near>& heap) const {
  const Node& node = nodes_[index];
  const float least = square_to(node.low, node.high, place);
  // No point in the box would come before the last one found.
  if (heap.size() == most && Near(least, node.least_id) >= heap.front()) return;
  // All points of the box, perhaps many, are at the place itself.
  if (square_of(node.low - place) == 0 && square_of(node.high - place) == 0) return;
  if (node.right == 0) {
    for (std::uint32_t i = node.first; i < node.last; ++i) {
      const float square = square_of(points_[static_cast<std::size_t>(ids_[i])] - place);
      const Near near(square, ids_[i]);
      if (!(square > 0) || (heap.size() == most && near >= heap.front())) continue;
      heap.push_back(near);
      std::push_heap(heap.begin(), heap.end());
      if (heap.size() > most) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
    }
    return;
  }
  const Node& left = nodes_[index + 1];
  const Node& right = nodes_[node.right];
  const bool swap = square_to(right.low, right.high, place) < square_to(left.low, left.high, place);
  search(swap ? node.right : index + 1, place, most, heap);
  search(swap ? index + 1 : node.right, place, most, heap);
}

}  // namespace kpalette
