// SPDX-License-Identifier: GPL-3.0-or-later
// A window half that uses the real window as a person does, so that a test can kill it: it types and clicks by what the folder in
// ORRERY_DRIVE asks for ("task": work or look), and writes there what it typed when, or what the window shows. It knows Qt and
// PanelFrame only.
#include "widgets/common/panel_frame.h"
#include "widgets/plugins/ui_plugin.h"
#include "widgets/session/engine_session.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QDateTime>
#include <QDialog>
#include <QDockWidget>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMainWindow>
#include <QPlainTextEdit>
#include <QSaveFile>
#include <QStackedWidget>
#include <QTimer>

#include <cstdio>
#include <unistd.h>

namespace {

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

void typeKey(QWidget *into, int key, const QString &text, Qt::KeyboardModifiers modifiers = {})
{
    QKeyEvent press(QEvent::KeyPress, key, modifiers, text), release(QEvent::KeyRelease, key, modifiers, text);
    QCoreApplication::sendEvent(into, &press);
    QCoreApplication::sendEvent(into, &release);
}

void typeText(QWidget *into, const QString &text)
{
    for (const QChar letter : text) typeKey(into, letter.toUpper().unicode(), letter);
}

class WindowDriver final : public UiPlugin {
public:
    Result<void> configure(UiContext &context) override
    {
        m_session = &context.session();
        m_folder = qEnvironmentVariable("ORRERY_DRIVE");
        QFile task(m_folder + u"/task"_s);
        m_isWork = task.open(QIODevice::ReadOnly) && task.readAll().startsWith("work");
        return {};
    }
    Result<void> start() override
    {
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { m_isWork ? work() : look(); });
        m_timer.start(25);
        return {};
    }
    void stop() override { m_timer.stop(); }

private:
    [[nodiscard]] static QMainWindow *window()
    {
        for (QWidget *widget : QApplication::topLevelWidgets())
            if (auto *found = qobject_cast<QMainWindow *>(widget)) return found;
        return nullptr;
    }
    template <typename Widget> [[nodiscard]] static Widget *find(const char *name)
    {
        return window() ? window()->findChild<Widget *>(QLatin1String(name)) : nullptr;
    }
    static void trigger(const char *action)
    {
        if (auto *found = find<QAction>(action)) found->trigger();
    }
    static void click(const char *button)
    {
        if (auto *found = find<QAbstractButton>(button)) found->click();
    }
    [[nodiscard]] static PanelFrame *panel(const QString &word)
    {
        for (PanelFrame *frame : window()->findChildren<PanelFrame *>())
            if (frame->view().panel == word) return frame;
        return nullptr;
    }
    /// One thing a turn, then letter after letter into the notes of a run until somebody kills the program.
    void work()
    {
        if (!window() || m_session->runs().size() < 2) return;
        switch (m_turn++) {
        case 0:
            trigger("file.newRun");
            return;
        case 1:
            typeText(find<QLineEdit>("control_name"), u"a draft"_s);
            return;
        case 2:
            trigger("view.train");
            return;
        case 3:
            click("logY");
            return;
        case 4: {
            QVariantMap other = panel(u"curves"_s)->view().state(); // the slider, as a drag leaves it
            other[u"smoothing"_s] = 0.5;
            panel(u"curves"_s)->view().restore(other);
            return;
        }
        case 5:
            panel(u"attention"_s)->view().restore({{u"level"_s, u"overview"_s}, {u"by"_s, u"line"_s}, {u"scale"_s, u"linear"_s}});
            return;
        case 6:
            trigger("view.compare");
            return;
        case 7:
            typeText(find<QLineEdit>("compareFilter"), u"alp"_s);
            return;
        case 8:
            trigger("view.inspect");
            return;
        case 9:
            find<QDockWidget>("logDock")->toggleViewAction()->trigger();
            return;
        case 10:
            trigger("view.train");
            return;
        case 11:
            trigger("editRunLabels");
            return;
        case 12: {
            auto *notes = find<QPlainTextEdit>("notesEdit");
            if (!notes || !notes->isEnabled()) --m_turn; // they are still being read
            return;
        }
        default:
            break;
        }
        auto *notes = find<QPlainTextEdit>("notesEdit");
        if (!notes) return;
        typeKey(notes, Qt::Key_X, u"x"_s);
        if (m_log < 0) m_log = ::fileno(std::fopen(QFile::encodeName(m_folder + u"/typed"_s).constData(), "w"));
        const QByteArray line = QByteArray::number(QDateTime::currentMSecsSinceEpoch()) + ' ' + QByteArray::number(notes->toPlainText().size()) + '\n';
        if (::write(m_log, line.constData(), size_t(line.size())) < 0) m_timer.stop();
    }
    void look()
    {
        if (!window() || m_session->runs().size() < 2 || ++m_turn % 8 != 0) return;
        if (auto *notes = find<QPlainTextEdit>("notesEdit"); notes && !notes->isEnabled()) return; // they are still being read
        QJsonObject seen;
        for (const char *word : {"curves", "attention", "compare"}) {
            PanelFrame *frame = panel(QLatin1String(word));
            seen.insert(QLatin1String(word), frame ? QJsonObject::fromVariantMap(frame->view().state()) : QJsonObject());
        }
        if (auto *name = find<QLineEdit>("control_name")) seen.insert(u"draft"_s, name->text());
        if (auto *notes = find<QPlainTextEdit>("notesEdit")) seen.insert(u"notes"_s, notes->toPlainText());
        seen.insert(u"page"_s, find<QStackedWidget>("pages")->currentIndex());
        seen.insert(u"title"_s, window()->windowTitle());
        trigger("view.inspect");
        seen.insert(u"log_in_inspect"_s, find<QDockWidget>("logDock")->isVisible());
        trigger("view.train");
        QSaveFile file(m_folder + u"/seen.json"_s);
        if (!file.open(QIODevice::WriteOnly)) return;
        file.write(QJsonDocument(seen).toJson());
        file.commit();
        m_timer.stop();
    }

    EngineSession *m_session = nullptr;
    QString m_folder;
    bool m_isWork = false;
    int m_turn = 0, m_log = -1;
    QTimer m_timer;
};

} // namespace

ORRERY_UI_PLUGIN(WindowDriver, "driver")
