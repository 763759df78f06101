// SPDX-License-Identifier: GPL-3.0-or-later
// All heads under the choice of their order, with the overlay of chosen ones and a line that reads out one
// head. GUI thread only.
#pragma once

#include "widgets/attention/overview_view.h"

#include <QWidget>

#include <optional>

class QComboBox;
class QPushButton;

namespace orrery::ui {

class ElidedLabel;
class SegmentedChoice;

class OverviewPage : public QWidget {
    Q_OBJECT
public:
    explicit OverviewPage(QWidget *parent = nullptr);
    [[nodiscard]] OverviewView *view() const { return m_view; }
    [[nodiscard]] HeadSort sort() const;
    void setContent(const OverviewContent &content);
    /// Of which step they are, where the map beside is of another one. Seen with the next setContent().
    void setOtherStep(std::optional<int64_t> step) { m_otherStep = step; }
    void setCurrent(const HeadRef &head); ///< does not signal
    /// The map of the current head says its numbers beside: here those of another one that is pointed at.
    void setHasHeadBeside(bool hasIt);
    void setSort(HeadSort sort);
    /// Whether several modalities were read: then their page can be reached.
    void setHasModalities(bool hasThem);
    /// Width at which the heads fill this height.
    [[nodiscard]] int preferredWidth(int height) const;
    /// The least in which a whole row of heads is seen.
    [[nodiscard]] int smallestWidth() const;

Q_SIGNALS:
    void sortChanged();
    void overlayRequested();
    void modalitiesRequested();

private:
    void refreshSelection();
    void showReading(const QString &ofHovered);
    [[nodiscard]] int otherHeight() const;
    [[nodiscard]] int choicesWidth() const;

    ElidedLabel *m_title, *m_reading;
    SegmentedChoice *m_pages;
    QComboBox *m_sort;
    QPushButton *m_overlay;
    OverviewView *m_view;
    bool m_hasHeadBeside = false;
    std::optional<int64_t> m_otherStep;
};

} // namespace orrery::ui
