// SPDX-License-Identifier: GPL-3.0-or-later
// What assistive tools are told about the painted views of attention: a sentence that follows what is shown.
// GUI thread only.
#pragma once

#include <QString>

class QWidget;

namespace orrery::ui {

class SummarizedView {
public:
    virtual ~SummarizedView() = default;
    /// "Layer 3, head 5: token 12 “the” looks most at token 3 “cat” (0.213)."
    [[nodiscard]] virtual QString summary() const = 0;

protected:
    SummarizedView(); ///< makes Qt ask us for the interface of every such widget
    SummarizedView(const SummarizedView &) = default;
    SummarizedView &operator=(const SummarizedView &) = default;
};

/// Tells assistive tools that the sentence is another one now.
void announceSummary(QWidget *view);

} // namespace orrery::ui
