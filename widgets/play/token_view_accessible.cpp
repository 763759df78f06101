// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_view_accessible.h"

#include "widgets/play/token_view.h"

#include <QAccessibleWidget>

namespace orrery::ui {
namespace {

class TokenViewAccessible : public QAccessibleWidget {
public:
    explicit TokenViewAccessible(TokenView *view)
        : QAccessibleWidget(view, QAccessible::StaticText), m_view(view)
    {
    }
    QString text(QAccessible::Text kind) const override
    {
        switch (kind) {
        case QAccessible::Value:
            return m_view->cells()
                .plainText(0, static_cast<int64_t>(m_view->cells().cells().size()))
                .left(20'000);
        case QAccessible::Description:
            return m_view->summary();
        default:
            return QAccessibleWidget::text(kind);
        }
    }
    QAccessible::State state() const override
    {
        QAccessible::State state = QAccessibleWidget::state();
        state.readOnly = true;
        state.multiLine = true;
        return state;
    }

private:
    TokenView *m_view;
};

QAccessibleInterface *makeInterface(const QString &, QObject *object)
{
    auto *view = qobject_cast<TokenView *>(object);
    return view ? new TokenViewAccessible(view) : nullptr;
}

} // namespace

void installTokenViewAccessible()
{
    static const bool isInstalled = [] {
        QAccessible::installFactory(makeInterface);
        return true;
    }();
    Q_UNUSED(isInstalled)
}

} // namespace orrery::ui
