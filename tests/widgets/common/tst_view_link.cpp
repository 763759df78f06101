// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/number_text.h"
#include "widgets/common/view_link.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestViewLink : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aViewComesBackAsItWas();
    void numbersKeepAllTheirDigits();
    void textOfOthersIsOnlyText();
    void equalViewsHaveEqualLinks();
    void refusesWhatIsNoLink_data();
    void refusesWhatIsNoLink();
    void longestLinksAreRead();
};

void TestViewLink::aViewComesBackAsItWas()
{
    const ViewLink view{u"attention"_s,
                        {{u"run"_s, u"code-7M"_s},
                         {u"step"_s, 8'000},
                         {u"log"_s, true},
                         {u"heads"_s, QStringList{u"2.0"_s, u"2.1"_s}},
                         {u"text"_s, u"a&b=c?d#e %41 ü 日本\n\"<b>"_s},
                         {u"none"_s, QString()},
                         {u"empty"_s, QStringList()}}};
    const QString text = viewLinkText(view);
    QVERIFY2(text.startsWith(u"orrery:attention?heads=2.0&heads=2.1&log=true&run=code-7M&step=8000&text="_s),
             qPrintable(text));
    for (const QChar c : text) QVERIFY(c.unicode() > 0x20 && c.unicode() < 0x7f);
    const Result<ViewLink> read = parseViewLink(u"  "_s + text + u"\n"_s);
    QVERIFY2(read.ok(), read ? "" : read.error().text().c_str());
    QCOMPARE(read->panel, u"attention"_s);
    QCOMPARE(read->state[u"run"_s].toString(), u"code-7M"_s);
    QCOMPARE(read->state[u"step"_s].toLongLong(), 8'000);
    QCOMPARE(read->state[u"log"_s].toBool(), true);
    QCOMPARE(read->state[u"heads"_s].toStringList(), (QStringList{u"2.0"_s, u"2.1"_s}));
    QCOMPARE(read->state[u"text"_s].toString(), view.state[u"text"_s].toString());
    QVERIFY(!read->state.contains(u"none"_s) && !read->state.contains(u"empty"_s));
    QCOMPARE(viewLinkText(*read), text);
}

void TestViewLink::numbersKeepAllTheirDigits()
{
    for (const double value : {0.1, 1.0 / 3, 1e-300, -2.5e17, 12345678.0}) {
        const Result<ViewLink> read = parseViewLink(viewLinkText({u"curves"_s, {{u"at"_s, value}}}));
        QVERIFY(read.ok());
        QCOMPARE(read->state[u"at"_s].toDouble(), value);
    }
}

void TestViewLink::textOfOthersIsOnlyText()
{
    // A run may be called anything; it must not add values or another panel to a link.
    const QString name = u"x&step=1&run=y?orrery:play#%"_s;
    const Result<ViewLink> read = parseViewLink(viewLinkText({u"runs"_s, {{u"run"_s, name}}}));
    QVERIFY(read.ok());
    QCOMPARE(read->state.size(), 1);
    QCOMPARE(read->state[u"run"_s].toString(), name);
}

void TestViewLink::equalViewsHaveEqualLinks()
{
    QVariantMap one, other;
    one[u"b"_s] = 1;
    one[u"a"_s] = 2;
    other[u"a"_s] = 2;
    other[u"b"_s] = 1;
    QCOMPARE(viewLinkText({u"curves"_s, one}), viewLinkText({u"curves"_s, other}));
    QCOMPARE(viewLinkText({u"curves"_s, {}}), u"orrery:curves"_s);
    QVERIFY(isViewLink(u" ORRERY:curves"_s));
    QVERIFY(!isViewLink(u"/home/orrery:curves"_s));
}

void TestViewLink::refusesWhatIsNoLink_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("message"); // a part of it
    QTest::newRow("nothing") << u"  \n"_s << u"nothing found, expected \"orrery:…\""_s;
    QTest::newRow("another scheme") << u"https://x?y=z"_s << u"\"https://x?y=z\": expected \"orrery:\""_s;
    QTest::newRow("no panel") << u"orrery:"_s << u"panel \"\" found, expected a word"_s;
    QTest::newRow("a path as panel") << u"orrery:../../etc?a=b"_s << u"panel \"../../etc\" found"_s;
    QTest::newRow("address as panel") << u"orrery://host/x"_s << u"panel \"//host/x\" found"_s;
    QTest::newRow("no value") << u"orrery:curves?run"_s << u"\"run\" found, expected \"key=value\""_s;
    QTest::newRow("no key") << u"orrery:curves?=x"_s << u"\"=x\" found, expected \"key=value\""_s;
    QTest::newRow("encoded key") << u"orrery:curves?r%75n=x"_s << u"expected \"key=value\""_s;
    QTest::newRow("half a byte") << u"orrery:curves?run=%4"_s
                                 << u"in \"run\", \"%4\" found, expected % and two"_s;
    QTest::newRow("no digits") << u"orrery:curves?run=%zz"_s << u"\"%zz\" found"_s;
    QTest::newRow("a sign as digit") << u"orrery:curves?run=%+1"_s << u"\"%+1\" found"_s;
    QTest::newRow("no UTF-8") << u"orrery:curves?run=%ff%fe"_s << u"its bytes are no UTF-8"_s;
    QTest::newRow("cut UTF-8") << u"orrery:curves?run=%e6%97"_s << u"its bytes are no UTF-8"_s;
    QTest::newRow("null byte") << u"orrery:curves?run=a%00b"_s << u"control characters found"_s;
    QTest::newRow("escape") << u"orrery:curves?run=%1b[31m"_s << u"control characters found"_s;
    QTest::newRow("not encoded") << u"orrery:curves?run=a b"_s << u"must be percent-encoded"_s;
    QTest::newRow("too long") << u"orrery:curves?run="_s + QString(kMaxLinkLength, u'a')
                              << u"characters found, expected 16384 or fewer"_s;
    QTest::newRow("too many") << u"orrery:curves?"_s + QString(u"a=b&"_s).repeated(kMaxLinkValues + 1)
                              << u"257 values found, expected 256 or fewer"_s;
}

void TestViewLink::refusesWhatIsNoLink()
{
    QFETCH(QString, text);
    QFETCH(QString, message);
    const Result<ViewLink> read = parseViewLink(text);
    QVERIFY(!read.ok());
    QCOMPARE(read.error().code, ErrorCode::InvalidInput);
    const QString found = fromStd(read.error().message);
    QVERIFY2(found.startsWith(u"Cannot open "_s) && found.contains(message), qPrintable(found));
    QVERIFY2(found.size() < 400, qPrintable(found)); // it stands in a banner
    QVERIFY(!read.error().hint.empty());
}

void TestViewLink::longestLinksAreRead()
{
    const QString head = u"orrery:play?text="_s;
    QVERIFY(parseViewLink(head + QString(kMaxLinkLength - head.size(), u'a')).ok());
    QVERIFY(parseViewLink(u"orrery:curves?"_s + QString(u"a=b&"_s).repeated(kMaxLinkValues)).ok());
}

QTEST_APPLESS_MAIN(TestViewLink)
#include "tst_view_link.moc"
