// SPDX-License-Identifier: GPL-3.0-or-later
// The path above a panel: how its parts stand, in one row and in several.
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/breadcrumbs.h"
#include "widgets/common/tone_label.h"

#include <QHash>
#include <QLayout>
#include <QSignalSpy>
#include <QToolButton>

#include <memory>

using namespace Qt::StringLiterals;
using namespace orrery::ui;

class TestBreadcrumbs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void rowsBeginWithNames();
    void linksAndWordsStandAlike();
    void ringTouchesNoArrow();
    void threeKindsHaveThreeColors();
    void linkLeadsUp();

private:
    [[nodiscard]] QList<ToneLabel *> labels(const QString &text) const;
    [[nodiscard]] QWidget *named(const QString &name) const;
    /// Where letters are, in pixels of the path.
    [[nodiscard]] QRect inkOf(QWidget *part) const;
    [[nodiscard]] QRect placeOf(const QWidget *part) const
    {
        return {part->mapTo(m_crumbs.get(), QPoint()), part->size()};
    }
    void show(const QStringList &path, int width);

    std::unique_ptr<Breadcrumbs> m_crumbs;
};

void TestBreadcrumbs::init() { m_crumbs = std::make_unique<Breadcrumbs>(nullptr, Breadcrumbs::Room::Wraps); }

QList<ToneLabel *> TestBreadcrumbs::labels(const QString &text) const
{
    QList<ToneLabel *> found = m_crumbs->findChildren<ToneLabel *>();
    found.removeIf([&](const ToneLabel *label) { return label->text() != text || !label->isVisible(); });
    return found;
}

QWidget *TestBreadcrumbs::named(const QString &name) const
{
    for (QWidget *part : m_crumbs->findChildren<QWidget *>())
        if (part->accessibleName() == name && part->isVisible()) return part;
    qFatal("no %s", qPrintable(name));
}

QRect TestBreadcrumbs::inkOf(QWidget *part) const
{
    const QImage image = part->grab().toImage();
    const QRgb ground = image.pixel(0, 0);
    QRect ink;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            if (image.pixel(x, y) != ground) ink |= QRect(x, y, 1, 1);
    return ink.translated(placeOf(part).topLeft());
}

void TestBreadcrumbs::show(const QStringList &path, int width)
{
    m_crumbs->setPath(path, {0, 1});
    m_crumbs->resize(width, 200);
    m_crumbs->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_crumbs.get()));
    m_crumbs->layout()->activate();
}

void TestBreadcrumbs::rowsBeginWithNames()
{
    const QStringList path{u"shapes"_s, u"step 800"_s, u"Answer 2"_s, u"“c”"_s};
    const QStringList names{u"shapes"_s, u"step 800"_s, u"Up to Answer 2"_s, u"Here: “c”"_s};
    bool hasWrapped = false;
    for (int width = 120; width <= 420; width += 10) {
        show(path, width);
        const QList<ToneLabel *> arrows = labels(u"›"_s);
        QCOMPARE(arrows.size(), 3);
        for (qsizetype i = 0; i < arrows.size(); ++i) {
            const QRect name = placeOf(named(names[i])), arrow = placeOf(arrows[i]);
            QVERIFY2(arrow.left() > name.right() && arrow.center().y() == name.center().y(),
                     qPrintable(QString::number(width)));
        }
        for (qsizetype i = 1; i < names.size(); ++i) {
            const QRect before = placeOf(named(names[i - 1])), here = placeOf(named(names[i]));
            if (here.top() == before.top()) continue;
            hasWrapped = true;
            QCOMPARE(here.left(), 0);
        }
    }
    QVERIFY(hasWrapped);
}

/// The same letters, once as a link and once as the place where we are: same line, same edge.
void TestBreadcrumbs::linksAndWordsStandAlike()
{
    show({u"H"_s, u"H"_s, u"H"_s, u"H"_s}, 420);
    m_crumbs->setHistoryVisible(false);
    m_crumbs->layout()->activate();
    const QList<ToneLabel *> words = labels(u"H"_s);
    QCOMPARE(words.size(), 3); // two that lead nowhere, and here
    QWidget *link = named(u"Up to H"_s);
    link->clearFocus(); // its ring is no letter
    const QRect linkInk = inkOf(link), hereInk = inkOf(words.last());
    QCOMPARE(linkInk.top(), hereInk.top());
    QCOMPARE(linkInk.bottom(), hereInk.bottom());
    QCOMPARE(linkInk.bottom(), inkOf(words.first()).bottom());
    QCOMPARE(linkInk.left() - placeOf(link).left(), hereInk.left() - placeOf(words.last()).left());
    QCOMPARE(link->size(), words.last()->size());
}

void TestBreadcrumbs::ringTouchesNoArrow()
{
    show({u"shapes"_s, u"step 800"_s, u"Answer 2"_s, u"“c”"_s}, 420);
    QWidget *link = named(u"Up to Answer 2"_s);
    const QList<ToneLabel *> arrows = labels(u"›"_s);
    QVERIFY(inkOf(arrows[1]).right() + 3 <= placeOf(link).left());
    QVERIFY(inkOf(arrows[2]).left() >= placeOf(link).right() + 3);
}

void TestBreadcrumbs::threeKindsHaveThreeColors()
{
    show({u"shapes"_s, u"step 800"_s, u"Answer 2"_s, u"“c”"_s}, 420);
    const auto colorOf = [](QWidget *part) { // the one with the most letters in it
        const QImage image = part->grab().toImage();
        QHash<QRgb, int> count;
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x) ++count[image.pixel(x, y)];
        count.remove(image.pixel(0, 0));
        QRgb best = 0;
        for (auto it = count.cbegin(); it != count.cend(); ++it)
            if (best == 0 || it.value() > count.value(best)) best = it.key();
        return QColor::fromRgb(best);
    };
    const ThemeTokens &tokens = Theme::instance().tokens();
    QCOMPARE(colorOf(named(u"Up to Answer 2"_s)), tokens.accent);
    QCOMPARE(dynamic_cast<ToneLabel *>(named(u"shapes"_s))->tone(), Tone::Secondary);
    QCOMPARE(dynamic_cast<ToneLabel *>(named(u"Here: “c”"_s))->tone(), Tone::Text);
}

void TestBreadcrumbs::linkLeadsUp()
{
    show({u"shapes"_s, u"step 800"_s, u"Salt & pepper"_s, u"“c”"_s}, 420);
    QSignalSpy spy(m_crumbs.get(), &Breadcrumbs::chosen);
    QTest::mouseClick(child<QToolButton>(m_crumbs.get(), "crumb_2"), Qt::LeftButton);
    QCOMPARE(spy.size(), 1);
    QCOMPARE(spy.at(0).at(0).toInt(), 2);
}

ORRERY_GUI_TEST_MAIN(TestBreadcrumbs)
#include "tst_breadcrumbs.moc"
