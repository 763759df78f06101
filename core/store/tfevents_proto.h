// SPDX-License-Identifier: Apache-2.0
// Private to core/store: what TensorBoard's records say, as far as scalars go. Read by hand: the fields are
// few, and every length is checked against its message. Facts of the format: tensorboard/compat/proto
// event.proto, summary.proto, tensor.proto (field numbers only). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::store {

enum class TfKind : uint8_t { Unknown, Number, Tensor, Image, Histogram, Audio };

/// One value of a summary. Views are into the record.
struct TfValue {
    std::string_view tag;
    std::string_view plugin; ///< of its metadata; empty: none stood there
    TfKind kind = TfKind::Unknown;
    double number = 0;      ///< of Number, and of a Tensor with one numeric element
    bool hasNumber = false; ///< of a Tensor: whether it has exactly one numeric element
    bool isRounded = false; ///< an integer above 2^53: a double cannot hold it
};

/// Values of one event: a record of more is none, as a few bytes of a file would take many of memory.
inline constexpr size_t kMaxEventValues = 65'536;

struct TfEvent {
    double wallTime = 0;
    int64_t step = 0;
    std::vector<TfValue> values;
};

/// Nothing when the bytes are no event.
std::optional<TfEvent> parseTfEvent(std::string_view record);

/// The first record of a file.
std::string tfVersionEvent(double wallTime);
enum class TfPrecision : uint8_t { Single, Double };
/// One scalar: as simple_value, or as a tensor of double where single precision would change it.
std::string tfScalarEvent(double wallTime, int64_t step, std::string_view tag, double value,
                          TfPrecision precision);

} // namespace orrery::store
