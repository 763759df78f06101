// SPDX-License-Identifier: GPL-3.0-or-later
// The map of the open head under its choices: token, word or line; scale; what a pooled cell shows. GUI
// thread only.
#pragma once

#include "widgets/attention/attention_place.h"
#include "widgets/attention/head_view.h"

#include <QWidget>

class QAction;
class QToolButton;

namespace orrery::ui {

class ElidedLabel;
class SegmentedChoice;
class WrappedLabel;

class HeadPage : public QWidget {
    Q_OBJECT
public:
    explicit HeadPage(QWidget *parent = nullptr);
    [[nodiscard]] HeadView *view() const { return m_view; }
    /// As it was chosen: words and lines also where what is shown cannot be grouped.
    [[nodiscard]] AttentionLook look() const;
    void setLook(const AttentionLook &look); ///< does not signal
    [[nodiscard]] Granularity granularity() const;
    /// @param whyNotGroup empty: every cell is one token   @param isPooled cells hold several weights
    /// @param isExact but not those that are seen now
    void setChoices(const QString &whyNotGroup, bool isPooled, bool isExact);
    void setTitle(const QString &title, const QString &summary);
    /// The action that the star beside the title triggers.
    void setStarAction(QAction *action);
    /// What the pointer or the arrows are at; empty: how to get there.
    void setReading(const QString &sentence);
    [[nodiscard]] QString reading() const;
    /// Width at which the map fills this height.
    [[nodiscard]] int preferredWidth(int height) const;

    /// The least in which its choices are whole.
    [[nodiscard]] int smallestWidth() const;

Q_SIGNALS:
    void choicesChanged();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void showTitle();

    ElidedLabel *m_title;
    WrappedLabel *m_summary, *m_reading;
    QString m_numbers; ///< of the head, for the summary
    QToolButton *m_star;
    SegmentedChoice *m_granularity, *m_scale, *m_value;
    HeadView *m_view;
};

} // namespace orrery::ui
