// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/summarized_view.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QWidget>

namespace orrery::ui {
namespace {

class SummaryAccessible : public QAccessibleWidget {
public:
    SummaryAccessible(QWidget *widget, const SummarizedView *view)
        : QAccessibleWidget(widget, QAccessible::Chart), m_view(view)
    {
    }
    [[nodiscard]] QString text(QAccessible::Text kind) const override
    {
        if (kind == QAccessible::Description || kind == QAccessible::Value) return m_view->summary();
        return QAccessibleWidget::text(kind);
    }

private:
    const SummarizedView *m_view;
};

QAccessibleInterface *makeInterface(const QString &, QObject *object)
{
    auto *widget = qobject_cast<QWidget *>(object);
    const auto *view = widget ? dynamic_cast<const SummarizedView *>(widget) : nullptr;
    return view ? new SummaryAccessible(widget, view) : nullptr;
}

} // namespace

SummarizedView::SummarizedView()
{
    static const bool isInstalled = [] {
        QAccessible::installFactory(makeInterface);
        return true;
    }();
    Q_UNUSED(isInstalled)
}

void announceSummary(QWidget *view)
{
    if (!QAccessible::isActive()) return;
    QAccessibleEvent event(view, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

} // namespace orrery::ui
