// SPDX-License-Identifier: GPL-3.0-or-later
// Beside the map of a head: what the active token looks at, and what the model would say next, with and
// without the head. GUI thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/attention/head_figure.h"

#include <QWidget>

#include <optional>

class QScrollArea;

namespace orrery::ui {

class BarList;
class ToneLabel;

/// What came of leaving heads out.
struct Ablation {
    QString heads;         ///< "layer 3, head 5"
    QString model;         ///< "code-7M@live, step 8,210"
    double divergence = 0; ///< KL, nats
    std::vector<TokenAlternative> with, without;
};

class HeadSide : public QWidget {
    Q_OBJECT
public:
    explicit HeadSide(QWidget *parent = nullptr);
    void showRow(const HeadFigure &figure, int row);
    /// @param behind which token they stand, for the title: "“argc”, token 14"   @param note under them, or
    /// in their place; empty: what the bars are
    void showCandidates(const std::vector<TokenAlternative> &candidates, const QString &behind,
                        const QString &note = {});
    void showAblation(const Ablation &ablation, const QString &behind);
    [[nodiscard]] BarList *rowBars() const { return m_rowBars; }
    [[nodiscard]] BarList *candidateBars() const { return m_candidateBars; }

Q_SIGNALS:
    void columnChosen(int column);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void fitTitle();

    ToneLabel *m_rowTitle, *m_rowScale, *m_nextTitle, *m_nextNote;
    BarList *m_rowBars, *m_candidateBars;
};

} // namespace orrery::ui
