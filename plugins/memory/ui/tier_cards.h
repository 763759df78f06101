// SPDX-License-Identifier: GPL-3.0-or-later
// The three levels of a model's memory in one row, or one under the other where there is no room: what it
// works with, what it remembers of the text, what its weights know by heart. GUI thread only.
#pragma once

#include "core/spec/memory_events.h"

#include <QWidget>

#include <limits>
#include <optional>

class QAction;
class QGridLayout;

namespace orrery::memory_ui {

/// What spec.json says of the levels; −1: not known.
struct Tiers {
    int64_t context = -1, window = -1;
    int64_t registers = -1, registerSegment = -1;
    int64_t episodicSize = -1;
    int64_t semanticSize = -1, semanticHeads = -1, semanticTopK = -1;
    bool isKnown = false;
};
/// @param specJson spec.json of a run. A run without the plugin has all levels but the window off.
Tiers tiersOfSpec(const QString &specJson);

QString workingText(const Tiers &tiers); ///< "window 256 tokens, 16 registers"
QString episodicText(const Tiers &tiers, const std::optional<MemoryStatus> &status);
/// Of the values of the semantic memory, as a training tells it; NaN: not told.
struct SemanticUse {
    double used = std::numeric_limits<double>::quiet_NaN();     ///< by a step, 0 … 1
    double everUsed = std::numeric_limits<double>::quiet_NaN(); ///< since it was started or resumed
};
/// "16,384 slots, 2 × 16 read a token · 12 % read by a step, 64 % so far", "off"
QString semanticText(const Tiers &tiers, const SemanticUse &use = {});

class TierCard;

class TierCards : public QWidget {
    Q_OBJECT
public:
    explicit TierCards(QWidget *parent = nullptr);
    void setTiers(const Tiers &tiers, const std::optional<MemoryStatus> &status, const SemanticUse &use = {});
    /// What the semantic level can do, as a button in its card where there is room.
    void setSemanticAction(QAction *action);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void arrange();

    QGridLayout *m_layout;
    TierCard *m_working, *m_episodic, *m_semantic;
    int m_numColumns = 0;
};

/// Used, of it pinned, of all, as a bar with the numbers beneath.
class OccupancyBar : public QWidget {
    Q_OBJECT
public:
    explicit OccupancyBar(QWidget *parent = nullptr);
    void setStatus(const MemoryStatus &status);
    [[nodiscard]] const MemoryStatus &status() const { return m_status; }
    [[nodiscard]] QString summary() const;
    [[nodiscard]] QRectF barArea() const;
    [[nodiscard]] QSize sizeHint() const override { return {200, 10}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {60, 10}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    MemoryStatus m_status;
};

} // namespace orrery::memory_ui
