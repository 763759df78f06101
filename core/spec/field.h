// SPDX-License-Identifier: Apache-2.0
// One setting: everything that JSON, JSON Schema, command-line help, forms and error texts know of it.
// Values; any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/field_value.h"

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace orrery {

struct RunSpec;

enum class FieldType : uint8_t { Unknown, Bool, Integer, Real, Text, Choice, RealList, TextList, Path };
enum class FieldChange : uint8_t {
    Unknown,
    Frozen,
    WhileRunning
}; ///< whether `control RUN set` may change it

struct Field {
    std::string key;   ///< "optimizer.lr"
    std::string label; ///< "Learning rate"
    std::string group; ///< "Model", "Data", "Training", "Optimizer", "Schedule", "Probes", "Machine", or a
                       ///< plugin's name
    FieldType type = FieldType::Unknown;
    std::string unit;   ///< "steps", "tokens", "" …
    std::string effect; ///< one sentence
    std::string owner;  ///< the part of the code that reads it ("core/train", "plugins/example_ffn")
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool minimumExclusive = false;
    bool maximumExclusive = false;
    std::vector<std::string> choices;
    FieldChange change = FieldChange::Frozen;
    bool advanced = false; ///< folded away in forms
    size_t listSize = 0;   ///< entries that a list must have; 0: any number up to kMaxListEntries

    std::string
        point; ///< a choice that plugins extend: the extension point whose names it takes ("FeedForward")
    std::map<std::string, Error> refusedChoices; ///< names whose plugin cannot be used, with the reason
    std::string plugin; ///< id of the plugin it belongs to; empty for the program's own

    std::function<FieldValue(const RunSpec &)> get;
    std::function<void(RunSpec &, FieldValue)> set;

    /// "1 … 256", "above 0 to 10", "one of gelu, swiglu": for hovers, help and errors.
    [[nodiscard]] std::string rangeText() const;
};

} // namespace orrery
