/// @file schedule.hpp
/// How the work of one call comes to the ranks of a cluster.
#pragma once

namespace trireme { inline namespace v1 {

/// `fixed`: each rank has one part, of as many elements as any other's. Best for work that is alike.
/// `guided`, as OpenMP has it: pieces, large ones first, go to whichever rank asks next. For elements of which some take far longer than
/// others, or ranks that are not equally fast. The results are the same to the bit. `dynamic` is an earlier name for it.
enum class schedule_type { fixed, guided, dynamic = guided };
inline constexpr schedule_type fixed = schedule_type::fixed;
inline constexpr schedule_type guided = schedule_type::guided;
inline constexpr schedule_type dynamic = schedule_type::dynamic;

}} // namespace trireme::v1
