// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the tests of widgets: a main() with theme, a fixed clock, and the check that no slot takes long.
#pragma once

#include "tests/widgets/common/slot_cost.h"

#include "widgets/common/number_text.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QLineEdit>
#include <QTest>

namespace orrery::ui {

/// Wall clock of the panels in tests: the last report of fakeRun() was 0.4 s ago.
inline constexpr double kTestNow = 10'000.4;

template <typename Widget> Widget *child(const QWidget *parent, const char *name)
{
    Widget *found = parent->findChild<Widget *>(QString::fromLatin1(name));
    if (!found) qFatal("no %s in %s", name, parent->metaObject()->className());
    return found;
}

/// Replaces the text as a person would.
inline void typeText(QLineEdit *line, const QString &text)
{
    line->selectAll();
    if (text.isEmpty())
        QTest::keyClick(line, Qt::Key_Backspace);
    else
        QTest::keyClicks(line, text);
}

} // namespace orrery::ui

#define ORRERY_GUI_TEST_MAIN(TestClass)                                                                      \
    int main(int argc, char **argv)                                                                          \
    {                                                                                                        \
        QApplication application(argc, argv);                                                                \
        orrery::ui::Theme::instance().apply(application, orrery::ui::ThemeKind::Light);                      \
        orrery::ui::setWallNowForTests(orrery::ui::kTestNow);                                                \
        TestClass test;                                                                                      \
        QTEST_SET_MAIN_SOURCE_PATH                                                                           \
        return QTest::qExec(&test, argc, argv);                                                              \
    }
