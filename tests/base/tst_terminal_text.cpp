// SPDX-License-Identifier: Apache-2.0
#include "core/base/terminal_text.h"

#include <QtTest>

using namespace orrery;

class TestTerminalText : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void takesControlCharactersAway_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("shown");
        QTest::newRow("nothing") << QByteArray() << QByteArray();
        QTest::newRow("plain") << QByteArray("a b~") << QByteArray("a b~");
        QTest::newRow("escape") << QByteArray("a\x1b[31mb") << QByteArray("a?[31mb");
        QTest::newRow("lines") << QByteArray("a\r\n\tb") << QByteArray("a???b");
        QTest::newRow("zero") << QByteArray("a\0b", 3) << QByteArray("a?b");
        QTest::newRow("delete") << QByteArray("a\x7f") << QByteArray("a?");
        QTest::newRow("C1 from") << QByteArray("a\xc2\x80z") << QByteArray("a?z");
        QTest::newRow("control sequence introducer") << QByteArray("\xc2\x9b"
                                                                   "31m")
                                                     << QByteArray("?31m");
        QTest::newRow("C1 to") << QByteArray("\xc2\x9f\xc2\x9f") << QByteArray("??");
        QTest::newRow("behind C1") << QByteArray("\xc2\xa0\xc2\xbf") << QByteArray("\xc2\xa0\xc2\xbf");
        QTest::newRow("C1 within a longer one")
            << QByteArray("\xe2\x82\xac\xf0\x9f\x9a\xb2") << QByteArray("\xe2\x82\xac\xf0\x9f\x9a\xb2");
        QTest::newRow("a byte alone") << QByteArray("\x9b"
                                                    "31m")
                                      << QByteArray("\xef\xbf\xbd"
                                                    "31m");
        QTest::newRow("broken") << QByteArray("a\xc2") << QByteArray("a\xef\xbf\xbd");
    }
    void takesControlCharactersAway()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, shown);
        QCOMPARE(QByteArray::fromStdString(terminalText(text.toStdString(), '?')), shown);
    }
    void aSpaceStandsInsteadByItself() { QCOMPARE(terminalText("a\nb"), std::string("a b")); }
};

QTEST_GUILESS_MAIN(TestTerminalText)
#include "tst_terminal_text.moc"
