// SPDX-License-Identifier: GPL-3.0-or-later
// A walk through every page and dock of the real window, without runs, with a finished one and with a live
// one, in three themes: every control has a name, Tab reaches it, and nothing is cut off at 1280 × 800.
#include "app/workbench/main_window.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/banner.h"
#include "widgets/runs/run_panel.h"

#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QButtonGroup>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSet>
#include <QSettings>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTextEdit>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

const QSize kSize(1280, 800);
constexpr int kSlack = 2; ///< in height: the style asks for more than its paddings give

/// With the named widgets around it.
QString nameOf(const QWidget *widget)
{
    QString name = u"%1 \"%2\""_s.arg(QLatin1String(widget->metaObject()->className()), widget->objectName());
    for (const QWidget *parent = widget->parentWidget(); parent && !parent->isWindow();
         parent = parent->parentWidget())
        if (!parent->objectName().isEmpty() && !parent->objectName().startsWith("qt_"_L1))
            name += u" in \"%1\" (%2 wide)"_s.arg(parent->objectName()).arg(parent->width());
    return name;
}

bool isControl(const QWidget *widget)
{
    return qobject_cast<const QAbstractButton *>(widget) || qobject_cast<const QLineEdit *>(widget) ||
           qobject_cast<const QComboBox *>(widget) || qobject_cast<const QAbstractSlider *>(widget) ||
           qobject_cast<const QAbstractSpinBox *>(widget) ||
           qobject_cast<const QAbstractItemView *>(widget) || qobject_cast<const QPlainTextEdit *>(widget) ||
           qobject_cast<const QTextEdit *>(widget);
}

/// Parts that Qt names and reaches through their owners.
bool isPartOfControl(const QWidget *widget)
{
    if (widget->objectName().startsWith("qt_"_L1) || qobject_cast<const QScrollBar *>(widget)) return true;
    const QWidget *parent = widget->parentWidget();
    return qobject_cast<const QAbstractSpinBox *>(parent) || qobject_cast<const QComboBox *>(parent) ||
           qobject_cast<const QLineEdit *>(parent) || qobject_cast<const QTabBar *>(parent) ||
           qobject_cast<const QAbstractItemView *>(parent) || qobject_cast<const QDockWidget *>(parent) ||
           parent->inherits("QComboBoxPrivateContainer") || parent->inherits("QToolBar");
}

} // namespace

class TestWindowWalk : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void everyPlaceIsInOrder_data();
    void everyPlaceIsInOrder();

private:
    void fill(const QString &data);
    void goTo(const QString &place);
    [[nodiscard]] QStringList unnamed() const;
    [[nodiscard]] QStringList unreached();
    [[nodiscard]] QStringList clipped() const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MainWindow> m_window;
};

void TestWindowWalk::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_session = std::make_unique<FakeSession>();
}

void TestWindowWalk::cleanup()
{
    m_window.reset();
    m_session.reset();
    Theme::instance().apply(*qApp, ThemeKind::Light);
}

void TestWindowWalk::fill(const QString &data)
{
    if (data == u"empty") return;
    RunStatus run = fakeRun("alpha", data == u"live" ? RunState::Running : RunState::Finished);
    run.name = "a-run-with-a-name-that-is-much-longer-than-any-dock-is-wide-20261123-154210";
    run.breakpoints = {"loss > 4"};
    m_session->checkpoints[u"alpha"_s] = {{.step = 4'000}, {.step = 8'000, .isBest = true}};
    RunEvent sample;
    sample.id = 1;
    sample.step = 4'000;
    sample.kind = EventKind::Sample;
    sample.payload = R"({"prompt":"Once","text":"Once upon a time"})";
    m_session->events[u"alpha"_s] = {sample};
    SeriesData loss{"loss", 2, {}};
    for (int64_t step : {1, 8'000})
        loss.buckets.push_back({.firstStep = step,
                                .lastStep = step,
                                .firstWallTime = 1,
                                .lastWallTime = 2,
                                .minimum = 1,
                                .maximum = 2,
                                .mean = 1.5,
                                .last = 1.5,
                                .numPoints = 1});
    m_session->seriesData[u"alpha"_s] = {loss};
    m_session->setRuns({run});
}

void TestWindowWalk::goTo(const QString &place)
{
    if (place == u"train") m_window->showLayout(WindowLayout::Train);
    if (place == u"inspect") m_window->showLayout(WindowLayout::Inspect);
    if (place == u"play") m_window->showLayout(WindowLayout::Play);
    if (place == u"new run") m_window->showNewRun();
    if (place == u"plugins") m_window->showPlugins();
    if (place == u"breakpoints") m_window->actionRegistry().action(u"run.breakpoints"_s)->trigger();
    if (place == u"settings") m_window->actionRegistry().action(u"run.liveSettings"_s)->trigger();
    if (place == u"log") {
        m_window->showLayout(WindowLayout::Train);
        child<QDockWidget>(m_window.get(), "logDock")->show();
    }
    QTRY_VERIFY(!m_session->isAnswering());
    QTest::qWait(20);
}

QStringList TestWindowWalk::unnamed() const
{
    QStringList found;
    for (QWidget *widget : m_window->findChildren<QWidget *>()) {
        if (!isControl(widget) || !widget->isVisible() || isPartOfControl(widget)) continue;
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        if (!interface || interface->text(QAccessible::Name).isEmpty()) found << nameOf(widget);
    }
    return found;
}

QStringList TestWindowWalk::unreached()
{
    QSet<QWidget *> wanted, reached;
    for (QWidget *widget : m_window->findChildren<QWidget *>())
        if (widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus) &&
            !widget->focusProxy() && !widget->isWindow())
            wanted.insert(widget);
    if (wanted.isEmpty()) return {};
    (*wanted.begin())->setFocus(Qt::TabFocusReason);
    QWidget *first = QApplication::focusWidget();
    for (qsizetype i = 0; i < 2 * wanted.size() + 10; ++i) {
        QWidget *now = QApplication::focusWidget();
        if (!now) return {u"Tab loses the focus"_s};
        reached.insert(now);
        QTest::keyClick(now, Qt::Key_Tab);
        if (QApplication::focusWidget() == first) break;
    }
    QStringList missed;
    for (const QWidget *widget : std::as_const(wanted)) {
        // Of a group of radio buttons one is reached, the others by the arrows.
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        if (button && button->autoExclusive()) continue;
        if (button && button->group() && button->group()->exclusive()) continue;
        if (!reached.contains(const_cast<QWidget *>(widget)) && widget->isVisible()) missed << nameOf(widget);
    }
    return missed;
}

QStringList TestWindowWalk::clipped() const
{
    QStringList found;
    if (m_window->width() > kSize.width() || m_window->height() > kSize.height())
        found << u"the window needs %1 x %2"_s.arg(m_window->width()).arg(m_window->height());
    for (QWidget *widget : m_window->findChildren<QWidget *>()) {
        const bool hasText = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QComboBox *>(widget);
        if (!hasText || !widget->isVisible() || isPartOfControl(widget)) continue;
        bool isScrolled = false;
        for (QWidget *parent = widget->parentWidget(); parent; parent = parent->parentWidget())
            isScrolled = isScrolled || qobject_cast<QAbstractScrollArea *>(parent);
        const QSize needed = widget->minimumSizeHint();
        if (widget->width() < needed.width() - 1 || widget->height() < needed.height() - kSlack)
            found << nameOf(widget) + u" is %1 x %2, needs %3 x %4"_s.arg(widget->width())
                                          .arg(widget->height())
                                          .arg(needed.width())
                                          .arg(needed.height());
        const QRect place(widget->mapTo(m_window.get(), QPoint()), widget->size());
        if (!isScrolled && widget->window() == m_window.get() && !m_window->rect().contains(place))
            found << nameOf(widget) + u" stands outside"_s;
    }
    return found;
}

void TestWindowWalk::everyPlaceIsInOrder_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("data");
    const std::pair<const char *, ThemeKind> themes[] = {
        {"light", ThemeKind::Light}, {"dark", ThemeKind::Dark}, {"high contrast", ThemeKind::HighContrast}};
    for (const auto &[theme, kind] : themes)
        for (const char *data : {"empty", "sample", "live"})
            QTest::addRow("%s, %s", theme, data) << int(kind) << QString::fromLatin1(data);
}

void TestWindowWalk::everyPlaceIsInOrder()
{
    QFETCH(int, kind);
    QFETCH(QString, data);
    Theme::instance().apply(*qApp, ThemeKind(kind));
    m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
    m_window->resize(kSize);
    m_window->setAnimated(false); // docks slide: nothing is in its place meanwhile
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    fill(data);
    QStringList problems;
    for (const char *place :
         {"train", "inspect", "play", "new run", "plugins", "breakpoints", "settings", "log"}) {
        goTo(QLatin1String(place));
        const auto add = [&](const QString &what, const QStringList &widgets) {
            for (const QString &widget : widgets)
                problems << u"%1: %2: %3"_s.arg(QLatin1String(place), what, widget);
        };
        add(u"no name"_s, unnamed());
        add(u"cut off"_s, clipped());
        add(u"Tab misses"_s, unreached());
    }
    QVERIFY2(problems.isEmpty(), qPrintable(problems.join(u'\n')));
}

ORRERY_GUI_TEST_MAIN(TestWindowWalk)
#include "tst_window_walk.moc"
