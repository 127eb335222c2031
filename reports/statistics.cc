#include "reports/statistics.h"

#include <algorithm>
#include <array>

namespace drey::reports {
namespace {

struct Quantile {
  double degrees;
  double factor;
};
constexpr std::array<Quantile, 36> kStudent{
    {{1, 12.706}, {2, 4.303},  {3, 3.182},  {4, 2.776},   {5, 2.571},   {6, 2.447},
     {7, 2.365},  {8, 2.306},  {9, 2.262},  {10, 2.228},  {11, 2.201},  {12, 2.179},
     {13, 2.160}, {14, 2.145}, {15, 2.131}, {16, 2.120},  {17, 2.110},  {18, 2.101},
     {19, 2.093}, {20, 2.086}, {21, 2.080}, {22, 2.074},  {23, 2.069},  {24, 2.064},
     {25, 2.060}, {26, 2.056}, {27, 2.052}, {28, 2.048},  {29, 2.045},  {30, 2.042},
     {40, 2.021}, {50, 2.009}, {60, 2.000}, {100, 1.984}, {200, 1.972}, {1000, 1.962}}};

double mean_of(std::span<const double> samples) {
  double sum = 0;
  for (const double sample : samples) sum += sample;
  return sum / static_cast<double>(samples.size());
}

// Sum of squares about the mean, divided by n - 1.
double variance_of(std::span<const double> samples) {
  const double mean = mean_of(samples);
  double sum = 0;
  for (const double sample : samples) sum += (sample - mean) * (sample - mean);
  return sum / static_cast<double>(samples.size() - 1);
}

}  // namespace

double square_root(double x) {
  if (x <= 0) return 0;
  double root = x < 1 ? 1 : x;
  for (;;) {
    const double next = (root + x / root) / 2;
    if (next >= root) return root;
    root = next;
  }
}

double student_95(double degrees) {
  double factor = kStudent.front().factor;
  for (const Quantile& row : kStudent)
    if (row.degrees <= degrees) factor = row.factor;
  return factor;
}

Statistic statistic_of(std::span<const double> samples) {
  Statistic out;
  out.count = samples.size();
  if (samples.empty()) return out;
  out.mean = mean_of(samples);
  out.least = *std::min_element(samples.begin(), samples.end());
  out.most = *std::max_element(samples.begin(), samples.end());
  const auto n = static_cast<double>(samples.size());
  if (samples.size() > 1)
    out.half_width = student_95(n - 1) * square_root(variance_of(samples) / n);
  return out;
}

Statistic paired_difference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> differences;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) differences.push_back(b[i] - a[i]);
  return statistic_of(differences);
}

Statistic difference(std::span<const double> a, std::span<const double> b) {
  Statistic out;
  out.count = std::min(a.size(), b.size());
  if (out.count == 0) return out;
  out.mean = mean_of(b) - mean_of(a);
  out.least = out.most = out.mean;
  if (out.count < 2) return out;
  const auto na = static_cast<double>(a.size());
  const auto nb = static_cast<double>(b.size());
  const double va = variance_of(a) / na;
  const double vb = variance_of(b) / nb;
  const double spread = va * va / (na - 1) + vb * vb / (nb - 1);
  const double degrees = spread > 0 ? (va + vb) * (va + vb) / spread : na + nb - 2;
  out.half_width = student_95(degrees) * square_root(va + vb);
  return out;
}

}  // namespace drey::reports
