// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_accessible.h"

#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/similarity_map.h"
#include "plugins/memory/ui/tier_cards.h"

#include <QAccessibleWidget>

namespace orrery::memory_ui {
namespace {

template <typename View> class SummaryAccessible : public QAccessibleWidget {
public:
    SummaryAccessible(View *view, QAccessible::Role role) : QAccessibleWidget(view, role), m_view(view) {}
    QString text(QAccessible::Text kind) const override
    {
        if (kind == QAccessible::Value || kind == QAccessible::Description) return m_view->summary();
        return QAccessibleWidget::text(kind);
    }
    QAccessible::State state() const override
    {
        QAccessible::State state = QAccessibleWidget::state();
        state.readOnly = true;
        return state;
    }

private:
    View *m_view;
};

QAccessibleInterface *makeInterface(const QString &, QObject *object)
{
    if (auto *strip = qobject_cast<MemoryStrip *>(object))
        return new SummaryAccessible(strip, QAccessible::Chart);
    if (auto *map = qobject_cast<SimilarityMap *>(object))
        return new SummaryAccessible(map, QAccessible::Chart);
    if (auto *bar = qobject_cast<OccupancyBar *>(object))
        return new SummaryAccessible(bar, QAccessible::Indicator);
    return nullptr;
}

} // namespace

void installMemoryAccessible()
{
    static const bool isInstalled = [] {
        QAccessible::installFactory(makeInterface);
        return true;
    }();
    Q_UNUSED(isInstalled)
}

} // namespace orrery::memory_ui
