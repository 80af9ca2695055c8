// What the thread that started a long job calls now and then, and which may throw to end it.
#pragma once

#include <functional>

namespace kpalette {

class Watch {
 public:
  Watch() = default;
  explicit Watch(std::function<void()> look) : look_(std::move(look)) {}

  /// To be called by every worker of a team: the first is the thread that started the job.
  void look(int worker) const {
    if (worker == 0 && look_) look_();
  }

 private:
  std::function<void()> look_;
};

}  // namespace kpalette
