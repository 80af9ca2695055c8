// Checks that count what passed and go on after what failed.
#pragma once

#include <algorithm>
#include <cmath>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

inline int passed = 0;
inline int failed = 0;
inline std::string current_case;  // what a failure message adds to file and line

inline void report(bool good, const char* file, int line, const std::string& message) {
  ++(good ? passed : failed);
  if (!good) std::cerr << file << ":" << line << ": " << message << "  [" << current_case << "]\n";
}

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  out.precision(17);
  (out << ... << parts);
  return out.str();
}

template <class Value>
std::string difference(const Value& got, const Value& expected) {
  return text("got ", +got, ", expected ", +expected);
}

template <class Value>
std::string difference(const std::vector<Value>& got, const std::vector<Value>& expected) {
  if (got.size() != expected.size()) {
    return text("got ", got.size(), " elements, expected ", expected.size());
  }
  const auto at = std::mismatch(got.begin(), got.end(), expected.begin()).first - got.begin();
  const auto i = static_cast<std::size_t>(at);
  return i < got.size() ? text("at ", i, ": ", difference(got[i], expected[i])) : "equal";
}

#define CHECK(condition) report((condition), __FILE__, __LINE__, #condition)

#define CHECK_EQUAL(got, expected)                                                                 \
  do {                                                                                             \
    const auto got_ = (got);                                                                       \
    const decltype(got_) expected_ = (expected);                                                   \
    const bool good_ = got_ == expected_;                                                          \
    report(good_, __FILE__, __LINE__, good_ ? "" : text(#got, ": ", difference(got_, expected_))); \
  } while (false)

#define CHECK_NEAR(got, expected, tolerance)                                        \
  do {                                                                              \
    const double got_ = (got);                                                      \
    const double expected_ = (expected);                                            \
    report(std::abs(got_ - expected_) <= (tolerance), __FILE__, __LINE__,           \
           text(#got, ": ", difference(got_, expected_), " within ", (tolerance))); \
  } while (false)

#define CHECK_AT_MOST(got, limit)                                      \
  do {                                                                 \
    const double got_ = (got);                                         \
    const double limit_ = (limit);                                     \
    report(got_ <= limit_, __FILE__, __LINE__,                         \
           text(#got, ": got ", got_, ", expected at most ", limit_)); \
  } while (false)

#define CHECK_THROWS(exception, expression)                                    \
  do {                                                                         \
    bool thrown_ = false;                                                      \
    try {                                                                      \
      (void)(expression);                                                      \
    } catch (const exception&) {                                               \
      thrown_ = true;                                                          \
    }                                                                          \
    report(thrown_, __FILE__, __LINE__, #expression ": expected " #exception); \
  } while (false)

/// The tests of colours, in core_colors.cpp.
void test_colors();

/// The tests of fits, in core_fits.cpp.
void test_fits();

/// The tests of whole fits, in core_fitter.cpp.
void test_bins();
void test_fitter();

/// The tests of dithering, in core_dither.cpp.
void test_dithering();

/// The tests of what indexed files hold, in core_files.cpp.
void test_files();

/// The tests of indices by rate, in core_rate.cpp.
void test_rate();
void test_theme_texts();

/// The tests of themes, in core_themes.cpp.
void test_themes();

/// The tests of float samples, in core_samples.cpp.
void test_samples();
