// SPDX-License-Identifier: Apache-2.0
// Formulas of a plugin's costs: values by hand, and what is no formula.
#include "core/spec/formula.h"
#include "tests/base/check_result.h"

using namespace orrery;

class TestFormula : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void computes_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<double>("expected");
        QTest::newRow("number") << "12" << 12.0;
        QTest::newRow("fraction") << "0.5" << 0.5;
        QTest::newRow("products first") << "1+2*3" << 7.0;
        QTest::newRow("from the left") << "10 - 3 - 2" << 5.0;
        QTest::newRow("division") << "12 / 2 / 3" << 2.0;
        QTest::newRow("brackets") << "(1 + 2) * -3" << -9.0;
        QTest::newRow("names") << "width * width + slots" << 73.0;
        QTest::newRow("functions") << "min(width, 3) + max(2, slots) + root(slots) + floor(7/2)"
                                   << 3.0 + 9 + 3 + 3;
        QTest::newRow("switch") << "on(slots) * 5 + on(none) * 7" << 5.0;
        QTest::newRow("no number") << "width / none" << 0.0;
        QTest::newRow("no root") << "root(0 - slots)" << 0.0;
        QTest::newRow("too large") << "9e200 * 9e200" << 0.0;
    }
    void computes()
    {
        QFETCH(QString, text);
        QFETCH(double, expected);
        const auto value = evaluateFormula(text.toStdString(), {{"width", 8}, {"slots", 9}, {"none", 0}});
        VERIFY_OK(value);
        QCOMPARE(*value, expected);
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("message");
        QTest::newRow("nothing") << ""
                                 << "at byte 0 is the end, expected a number, a name or (";
        QTest::newRow("half") << "1 +"
                              << "at byte 3 is the end";
        QTest::newRow("bracket") << "(1 + 2"
                                 << "at byte 6 is the end, expected )";
        QTest::newRow("rest") << "1 2"
                              << "at byte 2 is \"2\", expected +, -, *, / or the end";
        QTest::newRow("unknown name") << "2 * widht"
                                      << "is \"widht\", expected a function or one of slots, width";
        QTest::newRow("function alone") << "min"
                                        << "expected (";
        QTest::newRow("one argument") << "min(1)"
                                      << "is \")\", expected ,";
        QTest::newRow("sign") << "1 & 2"
                              << "is \"& 2\"";
        QTest::newRow("huge number") << "1e999"
                                     << "expected a number that a double holds";
        QTest::newRow("deep") << QString(70, '(') << "no deeper brackets";
        QTest::newRow("deep signs") << QString(70, '-') + "1"
                                    << "no deeper brackets";
        QTest::newRow("long") << QString(1025, '1') << "1025 bytes, expected at most 1024";
        QTest::newRow("no UTF-8") << QString("\xFFwidth") << "expected a number, a name or (";
    }
    void refuses()
    {
        QFETCH(QString, text);
        QFETCH(QString, message);
        VERIFY_ERROR(evaluateFormula(text.toStdString(), {{"width", 8}, {"slots", 9}}),
                     ErrorCode::InvalidInput, message.toUtf8().constData());
    }
};

QTEST_GUILESS_MAIN(TestFormula)
#include "tst_formula.moc"
