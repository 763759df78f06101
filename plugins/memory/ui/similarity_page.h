// SPDX-License-Identifier: GPL-3.0-or-later
// The map of how alike the events are, with what it needs around it: in which order, how many of them, what
// the cursor reads, and why there is none. GUI thread only.
#pragma once

#include "core/spec/memory_events.h"
#include "plugins/memory/ui/similarity_map.h"

#include <optional>

class QPushButton;
class QStackedWidget;

namespace orrery::ui {
class ElidedLabel;
class EmptyState;
class SegmentedChoice;
} // namespace orrery::ui

namespace orrery::memory_ui {

class SimilarityPage : public QWidget {
    Q_OBJECT
public:
    static constexpr int64_t kMaxEvents = 256;

    explicit SimilarityPage(QWidget *parent = nullptr);
    [[nodiscard]] SimilarityMap *map() const { return m_map; }
    /// @param events those that are listed, for their names
    void showReport(const MemoryReport &report, const std::vector<MemoryEvent> &events);
    void showError(const Error &error);
    void clear(); ///< another model
    void setAsking(bool isAsking);
    [[nodiscard]] bool hasAnswer() const { return m_hasAnswer; }
    [[nodiscard]] QString order() const;
    void setOrder(const QString &id);

Q_SIGNALS:
    void asked(); ///< the person wants it again
    void orderChanged();

private:
    void showState();

    ui::SegmentedChoice *m_orderChoice;
    ui::ElidedLabel *m_count, *m_reading;
    SimilarityMap *m_map;
    QStackedWidget *m_stack;
    ui::EmptyState *m_empty;
    QPushButton *m_again;
    std::optional<Error> m_error;
    bool m_hasAnswer = false, m_isAsking = false;
};

} // namespace orrery::memory_ui
