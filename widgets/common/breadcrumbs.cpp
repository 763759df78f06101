// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/breadcrumbs.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMostLetters = 20; ///< of a name in a narrow dock

QString cutInTheMiddle(const QString &name)
{
    constexpr qsizetype kHalf = kMostLetters / 2 - 1;
    return name.size() <= kMostLetters ? name : name.left(kHalf) + u'…' + name.right(kHalf);
}

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
        const QString &name = path[level];
        if (level > 0) add(new ToneLabel(u"›"_s, Tone::Secondary, TypeSize::Base, this));
        const bool isHere = level + 1 == path.size();
        if (isHere || plain.contains(int(level))) {
            auto *label = new ToneLabel(shown(name), isHere ? Tone::Text : Tone::Secondary,
                                        isHere && m_room == Room::OneLine ? TypeSize::Heading : TypeSize::Base, this);
            label->setTextFormat(Qt::PlainText);
            label->setContentsMargins(6, 0, 6, 0);
            label->setAccessibleName(isHere ? tr("Here: %1").arg(name) : name);
            if (label->text() != name) label->setToolTip(plainToolTip(name));
            add(label);
            continue;
        }
        auto *crumb = new QToolButton(this);
        crumb->setObjectName(u"crumb_%1"_s.arg(level));
        crumb->setText(QString(shown(name)).replace(u'&', u"&&"_s));
        crumb->setAccessibleName(tr("Up to %1").arg(name));
        crumb->setToolTip(plainToolTip(tr("Up to %1").arg(name)));
        connect(crumb, &QToolButton::clicked, this, [this, level] { Q_EMIT chosen(int(level)); });
        add(crumb);
    }
    for (QWidget *part : std::as_const(m_parts)) part->show();
}

} // namespace orrery::ui
