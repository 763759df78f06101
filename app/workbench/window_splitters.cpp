// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/window_splitters.h"

#include <QEvent>
#include <QPointer>
#include <QSplitter>
#include <QTimer>

#include <algorithm>
#include <numeric>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxPixels = 100'000; ///< of a settings file: more is nonsense

QVariantList toVariants(const QList<int> &sizes)
{
    QVariantList list;
    for (const int size : sizes) list << size;
    return list;
}

/// Empty where it cannot be meant.
QList<int> fromVariant(const QVariant &value)
{
    QList<int> sizes;
    for (const QVariant &one : value.toList()) {
        bool isNumber = false;
        const int size = one.toInt(&isNumber);
        if (!isNumber || size < 0 || size > kMaxPixels) return {};
        sizes << size;
    }
    return std::accumulate(sizes.begin(), sizes.end(), 0LL) > 0 ? sizes : QList<int>();
}

bool isLaidOut(const QSplitter &splitter)
{
    const QList<int> sizes = splitter.sizes();
    return splitter.isVisible() && std::any_of(sizes.begin(), sizes.end(), [](int size) { return size > 0; });
}

} // namespace

WindowSplitters::WindowSplitters(QWidget &window) : QObject(&window), m_window(window) { adopt(); }

/// Panels may make one later.
void WindowSplitters::adopt()
{
    for (QSplitter *splitter : m_window.findChildren<QSplitter *>()) {
        if (splitter->property("orreryAdopted").toBool()) continue;
        splitter->setProperty("orreryAdopted", true);
        splitter->installEventFilter(this);
        connect(splitter, &QSplitter::splitterMoved, this, &WindowSplitters::moved);
        settle(splitter);
    }
}

/// Its own name, else that of the nearest named one around it with its number there: the code gives the order.
QString WindowSplitters::nameOf(const QSplitter &splitter)
{
    if (!splitter.objectName().isEmpty()) return splitter.objectName();
    const QWidget *around = splitter.parentWidget();
    while (around && (around->objectName().isEmpty() || around->objectName().startsWith("qt_"_L1))) around = around->parentWidget();
    if (!around) return {};
    const auto all = around->findChildren<QSplitter *>();
    return around->objectName() + u'.' + QString::number(all.indexOf(const_cast<QSplitter *>(&splitter)));
}

QVariantMap WindowSplitters::sizes() const
{
    QVariantMap all;
    for (const QSplitter *splitter : m_window.findChildren<QSplitter *>())
        if (const QString name = nameOf(*splitter); !name.isEmpty() && isLaidOut(*splitter) && !m_waiting.contains(name))
            all.insert(name, toVariants(splitter->sizes()));
    for (auto one = m_waiting.cbegin(); one != m_waiting.cend(); ++one) all.insert(one.key(), toVariants(one.value()));
    return all;
}

void WindowSplitters::setSizes(const QVariantMap &sizes)
{
    adopt();
    m_waiting.clear();
    for (auto one = sizes.begin(); one != sizes.end(); ++one)
        if (const QList<int> wanted = fromVariant(one.value()); !wanted.isEmpty()) m_waiting.insert(one.key(), wanted);
    QTimer::singleShot(0, this, [this] { // when the docks around them have their places
        for (QSplitter *splitter : m_window.findChildren<QSplitter *>()) settle(splitter);
    });
}

void WindowSplitters::reset()
{
    m_waiting.clear();
    for (QSplitter *splitter : m_window.findChildren<QSplitter *>())
        if (const QList<int> first = m_first.value(nameOf(*splitter)); isLaidOut(*splitter) && first.size() == splitter->count())
            splitter->setSizes(first);
}

void WindowSplitters::settle(QSplitter *splitter)
{
    if (!isLaidOut(*splitter)) return;
    const QString name = nameOf(*splitter);
    if (name.isEmpty()) return;
    if (!m_first.contains(name)) m_first.insert(name, splitter->sizes());
    const QList<int> wanted = m_waiting.take(name);
    if (wanted.size() == splitter->count()) splitter->setSizes(wanted);
}

bool WindowSplitters::eventFilter(QObject *watched, QEvent *event)
{
    // It is laid out behind this event; what it holds may come later than the window.
    if (event->type() == QEvent::Show || event->type() == QEvent::Resize)
        QTimer::singleShot(0, this, [this, splitter = QPointer(qobject_cast<QSplitter *>(watched))] {
            if (splitter) settle(splitter);
        });
    return QObject::eventFilter(watched, event);
}

} // namespace orrery::ui
