// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_view_accessible.h"

#include "widgets/play/conversation_view.h"
#include "widgets/play/token_view.h"

#include <QAccessibleWidget>

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxTextLength = 20'000; // of what is told at once

QString shownText(const TokenView &view)
{
    return view.cells().plainText(0, static_cast<int64_t>(view.cells().cells().size()));
}
QString shownText(const ConversationView &view) { return view.copyText(); }

template <typename View> class TextAccessible : public QAccessibleWidget {
public:
    explicit TextAccessible(View *view) : QAccessibleWidget(view, QAccessible::StaticText), m_view(view) {}
    QString text(QAccessible::Text kind) const override
    {
        switch (kind) {
        case QAccessible::Value:
            return shownText(*m_view).left(kMaxTextLength);
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
    View *m_view;
};

QAccessibleInterface *makeInterface(const QString &, QObject *object)
{
    if (auto *view = qobject_cast<TokenView *>(object)) return new TextAccessible(view);
    if (auto *view = qobject_cast<ConversationView *>(object)) return new TextAccessible(view);
    return nullptr;
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
