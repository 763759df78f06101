// SPDX-License-Identifier: GPL-3.0-or-later
// The last answers of the microscope, so that going back and forth costs nothing. Values; GUI thread only by
// use.
#pragma once

#include "core/spec/inspection.h"
#include "widgets/session/selection.h"

#include <list>
#include <memory>
#include <optional>

namespace orrery::ui {

/// What is computed only when somebody looks at it.
struct MicroscopeWants {
    bool lens = true;
    bool attribution = true;
    bool operator==(const MicroscopeWants &) const = default;
    [[nodiscard]] bool covers(const MicroscopeWants &other) const
    {
        return (lens || !other.lens) && (attribution || !other.attribution);
    }
};

struct MicroscopeAnswer {
    Focus focus; ///< what was asked; its token may be −1
    MicroscopeWants has;
    std::optional<HeadRef> head; ///< whose row was asked for
    InspectReport report;
    double wallTime = 0; ///< Unix seconds when it came
    bool isAskedAsSaid = false; ///< InspectRequest::asSaid
    /// Of this text, token and head. The last token may be asked about as such and by its place.
    [[nodiscard]] bool isAbout(const Focus &other) const;
};
using MicroscopeAnswerPtr = std::shared_ptr<const MicroscopeAnswer>;

class AnswerCache {
public:
    static constexpr size_t kMaxAnswers = 64;

    /// The newest answer about this place that has what is wanted; null: there is none. It counts as used.
    [[nodiscard]] MicroscopeAnswerPtr find(const Focus &focus, const MicroscopeWants &wants);
    void insert(MicroscopeAnswerPtr answer); ///< takes the place of one about the same place
    [[nodiscard]] size_t size() const { return m_answers.size(); }
    /// How many tokens a text has; −1: not known.
    [[nodiscard]] int64_t numTokens(const Focus &focus) const;

private:
    std::list<MicroscopeAnswerPtr> m_answers; ///< used last first
};

} // namespace orrery::ui
