#pragma once
// Means with 95 % confidence intervals (Student's t), of one sample and of the difference of two.
// In double, with + - * / and an own square root only, summed in the order given: the same bits on
// every machine. Never part of a trace or of a verdict.
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace drey::reports {

struct Statistic {
  size_t count = 0;
  double mean = 0;
  double least = 0;
  double most = 0;
  std::optional<double> half_width;  // of the interval; empty with less than two samples
};

Statistic statistic_of(std::span<const double> samples);
// b - a. Paired: sample i of both is the same world, so that what both share cancels out. Both are
// of equal length then.
Statistic paired_difference(std::span<const double> a, std::span<const double> b);
// Independent samples (Welch).
Statistic difference(std::span<const double> a, std::span<const double> b);

double square_root(double x);  // x >= 0
// The factor of a two-sided 95 % interval with so many degrees of freedom, at least 1; between the
// rows of the table the larger one holds.
double student_95(double degrees);

}  // namespace drey::reports
