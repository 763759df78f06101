// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/wheel_guard.h"

#include <QEvent>
#include <QWidget>

namespace orrery::ui {
namespace {

class WheelGuard : public QObject {
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        const auto *control = qobject_cast<QWidget *>(watched);
        if (event->type() != QEvent::Wheel || !control || control->hasFocus())
            return QObject::eventFilter(watched, event);
        event->ignore(); // goes on to the parent
        return true;
    }
};

} // namespace

void guardFromWheel(QWidget *control)
{
    control->setFocusPolicy(Qt::StrongFocus);
    control->installEventFilter(new WheelGuard(control));
}

} // namespace orrery::ui
