/// @file mpi/redistribute.hpp
/// Elements that change their owners.
#pragma once
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/exchange.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Brings elements that are the ranks' by the cuts `from` to those whose they are by the cuts `to`, each straight to its new
/// owner: run(from, to) of this rank's elements before and after.
class redistribution : public exchange {
public:
  /// @param most  bytes of a message at most.
  redistribution(mpi_link const& link, std::vector<std::size_t> const& from, std::vector<std::size_t> const& to,
                 std::size_t element, std::size_t most = std::numeric_limits<int>::max())
      : exchange(link, within(share_of(from, link.rank()), to), within(share_of(to, link.rank()), from), element, most) {}

private:
  /// Where the shares of others begin in this one.
  static std::vector<std::size_t> within(share mine, std::vector<std::size_t> cuts) {
    for (auto& cut : cuts) cut = std::clamp(cut, mine.first, mine.last) - mine.first;
    return cuts;
  }
};

/// The cuts by which one rank has all of n elements. @throws std::invalid_argument where there is no such rank, in the name of to_host.
inline std::vector<std::size_t> all_on(int rank, std::size_t n, int ranks) {
  if (rank < 0 || rank >= ranks)
    throw std::invalid_argument("trireme: to_host: rank must be in [0, " + std::to_string(ranks) + "), not " +
                                std::to_string(rank));
  std::vector<std::size_t> cuts(static_cast<std::size_t>(ranks) + 1, 0);
  std::fill(cuts.begin() + rank + 1, cuts.end(), n);
  return cuts;
}

}}} // namespace trireme::v1::detail
