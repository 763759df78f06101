// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/breadcrumbs.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

Breadcrumbs::Breadcrumbs(QWidget *parent)
    : QWidget(parent), m_layout(new QHBoxLayout(this)),
      m_back(makeIconButton(u"chevron-left"_s, tr("Back (Alt+Left)"), this)),
      m_forward(makeIconButton(u"chevron-right"_s, tr("Forward (Alt+Right)"), this))
{
    setObjectName(u"breadcrumbs"_s);
    setAccessibleName(tr("Where you are"));
    m_back->setObjectName(u"crumbBack"_s);
    m_forward->setObjectName(u"crumbForward"_s);
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_back);
    m_layout->addWidget(m_forward);
    m_layout->addSpacing(space::kHalf);
    m_layout->addStretch(1);
    connect(m_back, &QToolButton::clicked, this, &Breadcrumbs::backRequested);
    connect(m_forward, &QToolButton::clicked, this, &Breadcrumbs::forwardRequested);
    setHistory(false, false);
}

void Breadcrumbs::setHistory(bool canGoBack, bool canGoForward)
{
    m_back->setEnabled(canGoBack);
    m_forward->setEnabled(canGoForward);
}

void Breadcrumbs::setPath(const QStringList &path)
{
    if (path == m_path) return;
    m_path = path;
    for (QWidget *part : std::as_const(m_parts)) {
        m_layout->removeWidget(part);
        part->hide();
        part->deleteLater(); // one of them may be the button whose click led here
    }
    m_parts.clear();
    int place = 3; // behind the two arrows and their gap
    for (qsizetype level = 0; level < path.size(); ++level) {
        if (level > 0) {
            auto *mark = new ToneLabel(u"›"_s, Tone::Secondary, TypeSize::Base, this);
            m_layout->insertWidget(place++, mark);
            m_parts << mark;
        }
        if (level + 1 == path.size()) {
            auto *here = new ToneLabel(path[level], Tone::Text, TypeSize::Heading, this);
            here->setContentsMargins(6, 0, 6, 0);
            here->setAccessibleName(tr("Here: %1").arg(path[level]));
            m_layout->insertWidget(place++, here);
            m_parts << here;
            break;
        }
        auto *crumb = new QToolButton(this);
        crumb->setObjectName(u"crumb_%1"_s.arg(level));
        crumb->setText(path[level]);
        crumb->setAccessibleName(tr("Up to %1").arg(path[level]));
        crumb->setToolTip(tr("Up to %1").arg(path[level]));
        connect(crumb, &QToolButton::clicked, this, [this, level] { Q_EMIT chosen(int(level)); });
        m_layout->insertWidget(place++, crumb);
        m_parts << crumb;
    }
    for (QWidget *part : std::as_const(m_parts)) part->show();
}

} // namespace orrery::ui
