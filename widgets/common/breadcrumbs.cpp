// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/breadcrumbs.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QStyleOptionToolButton>
#include <QToolButton>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMostLetters = 20; ///< of a name in a narrow dock
constexpr int kBeside = 4;             ///< pixels between a name and what may be drawn around it
constexpr int kAbove = 4;              ///< the same above and below it
constexpr int kBesideArrow = 3;        ///< the ring of the focus touches no arrow

QString cutInTheMiddle(const QString &name)
{
    constexpr qsizetype kHalf = kMostLetters / 2 - 1;
    return name.size() <= kMostLetters ? name : name.left(kHalf) + u'…' + name.right(kHalf);
}

/// A name that leads somewhere. Its letters stand where those of a label would: the style centres them with
/// room for an icon, which moves them beside and below their neighbours.
class CrumbLink : public QToolButton {
public:
    CrumbLink(QString name, QWidget *parent) : QToolButton(parent), m_name(std::move(name)) {}
    [[nodiscard]] QSize sizeHint() const override
    {
        const QFontMetrics metrics(typeFont(TypeSize::Base));
        return {metrics.horizontalAdvance(m_name) + 2 * kBeside, metrics.height() + 2 * kAbove};
    }
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        QStyleOptionToolButton option;
        initStyleOption(&option);
        option.text.clear(); // ground and ring alone
        style()->drawComplexControl(QStyle::CC_ToolButton, &option, &painter, this);
        painter.setFont(typeFont(TypeSize::Base));
        painter.setPen(toneColor(Tone::Accent));
        painter.drawText(rect().adjusted(kBeside, 0, 0, 0),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, m_name);
    }

private:
    QString m_name;
};

} // namespace

Breadcrumbs::Breadcrumbs(QWidget *parent, Room room)
    : QWidget(parent), m_room(room), m_back(makeIconButton(u"chevron-left"_s, tr("Back (Alt+Left)"), this)),
      m_forward(makeIconButton(u"chevron-right"_s, tr("Forward (Alt+Right)"), this))
{
    setObjectName(u"breadcrumbs"_s);
    setAccessibleName(tr("Where you are"));
    m_back->setObjectName(u"crumbBack"_s);
    m_forward->setObjectName(u"crumbForward"_s);
    if (room == Room::Wraps) {
        m_layout = new WrapRow(Qt::AlignLeft, this);
    } else {
        auto *row = new QHBoxLayout(this);
        row->setContentsMargins(0, 0, 0, 0);
        m_layout = row;
    }
    m_layout->setSpacing(0);
    m_layout->addWidget(m_back);
    m_layout->addWidget(m_forward);
    if (auto *row = qobject_cast<QHBoxLayout *>(m_layout)) {
        row->addSpacing(space::kHalf);
        row->addStretch(1);
    }
    connect(m_back, &QToolButton::clicked, this, &Breadcrumbs::backRequested);
    connect(m_forward, &QToolButton::clicked, this, &Breadcrumbs::forwardRequested);
    setHistory(false, false);
}

void Breadcrumbs::setHistory(bool canGoBack, bool canGoForward)
{
    m_back->setEnabled(canGoBack);
    m_forward->setEnabled(canGoForward);
}

void Breadcrumbs::setHistoryVisible(bool isVisible)
{
    m_back->setVisible(isVisible);
    m_forward->setVisible(isVisible);
}

QString Breadcrumbs::shown(const QString &name) const
{
    return m_room == Room::Wraps ? cutInTheMiddle(name) : name;
}

void Breadcrumbs::add(QWidget *part)
{
    if (auto *row = qobject_cast<QHBoxLayout *>(m_layout))
        row->insertWidget(row->count() - 1, part); // before what takes the rest
    else
        m_layout->addWidget(part);
    m_parts << part;
}

QWidget *Breadcrumbs::makeWord(const QString &name, bool isHere, QWidget *parent) const
{
    auto *word =
        new ToneLabel(shown(name), isHere ? Tone::Text : Tone::Secondary,
                      isHere && m_room == Room::OneLine ? TypeSize::Heading : TypeSize::Base, parent);
    word->setContentsMargins(kBeside, kAbove, kBeside, kAbove); // as high as a link: one line of letters
    word->setAccessibleName(isHere ? tr("Here: %1").arg(name) : name);
    if (word->text() != name) word->setToolTip(plainToolTip(name));
    return word;
}

QWidget *Breadcrumbs::makeLink(const QString &name, int level, QWidget *parent)
{
    auto *link = new CrumbLink(shown(name), parent);
    link->setObjectName(u"crumb_%1"_s.arg(level));
    link->setAccessibleName(tr("Up to %1").arg(name));
    link->setToolTip(plainToolTip(tr("Up to %1").arg(name)));
    connect(link, &QToolButton::clicked, this, [this, level] { Q_EMIT chosen(level); });
    return link;
}

void Breadcrumbs::setPath(const QStringList &path, const QList<int> &plain)
{
    if (path == m_path && plain == m_plain) return;
    m_path = path;
    m_plain = plain;
    for (QWidget *part : std::as_const(m_parts)) {
        m_layout->removeWidget(part);
        part->hide();
        part->deleteLater(); // one of them may be the button whose click led here
    }
    m_parts.clear();
    for (qsizetype level = 0; level < path.size(); ++level) {
        // A name and the arrow behind it are one part: no row begins with an arrow.
        auto *part = new QWidget(this);
        auto *row = new QHBoxLayout(part);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(0);
        const bool isHere = level + 1 == path.size();
        row->addWidget(isHere || plain.contains(int(level)) ? makeWord(path[level], isHere, part)
                                                            : makeLink(path[level], int(level), part));
        if (!isHere) {
            auto *arrow = new ToneLabel(u"›"_s, Tone::Secondary, TypeSize::Base, part);
            arrow->setContentsMargins(kBesideArrow, 0, kBesideArrow, 0);
            row->addWidget(arrow);
        }
        add(part);
    }
    for (QWidget *part : std::as_const(m_parts)) part->show();
}

} // namespace orrery::ui
