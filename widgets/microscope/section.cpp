// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/section.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/table_view.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {

Section::Section(MicroscopeSection kind, QWidget *parent)
    : QWidget(parent), m_kind(kind), m_title(new QToolButton(this)),
      m_digest(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Small, this)), m_body(new QWidget(this)),
      m_bodyLayout(new QVBoxLayout(m_body)), m_view(new ReadingTableView(sectionTitle(kind), m_body)),
      m_more(new QPushButton(m_body)), m_sentence(new ToneLabel({}, Tone::Secondary, TypeSize::Small, m_body))
{
    setObjectName(u"section_"_s + sectionId(kind));
    m_title->setObjectName(u"title_"_s + sectionId(kind));
    m_view->setObjectName(u"table_"_s + sectionId(kind));
    m_sentence->setObjectName(u"sentence_"_s + sectionId(kind));
    m_more->setObjectName(u"more_"_s + sectionId(kind));
    m_title->setText(sectionTitle(kind));
    m_title->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_title->setAutoRaise(true);
    m_title->setIconSize({12, 12});
    m_title->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    m_title->installEventFilter(this);
    m_digest->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_digest->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    m_more->setProperty("flat", true);
    m_sentence->setWordWrap(true);
    m_sentence->setMinimumWidth(80);
    m_sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);

    auto *titleRow = new QHBoxLayout;
    titleRow->setContentsMargins(0, 0, space::kHalf, 0);
    titleRow->setSpacing(space::kOne);
    titleRow->addWidget(m_title);
    titleRow->addWidget(m_digest, 1);
    m_bodyLayout->setContentsMargins(0, 0, 0, space::kOne);
    m_bodyLayout->setSpacing(space::kHalf);
    m_bodyLayout->addWidget(m_view);
    m_bodyLayout->addWidget(m_more, 0, Qt::AlignLeft);
    m_bodyLayout->addWidget(m_sentence);
    m_sentence->setContentsMargins(6, 0, 6, 0);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addWidget(makeSeparator(this));
    layout->addLayout(titleRow);
    layout->addWidget(m_body);

    connect(m_title, &QToolButton::clicked, this, &Section::toggle);
    connect(m_more, &QPushButton::clicked, this, [this] {
        m_limit = m_limit == RowLimit::Few ? RowLimit::All : RowLimit::Few;
        Q_EMIT limitChanged();
    });
    connect(m_view, &ReadingTableView::copyRequested, this, &Section::copy);
    const auto applyFont = [this] {
        QFont font = typeFont(TypeSize::Base);
        font.setWeight(QFont::DemiBold);
        m_title->setFont(font);
    };
    applyFont();
    connect(&Theme::instance(), &Theme::changed, this, applyFont);
    refresh();
}

void Section::setOpen(bool isOpen)
{
    m_isOpen = isOpen;
    refresh();
}

void Section::toggle()
{
    setOpen(!m_isOpen);
    Q_EMIT toggled(m_isOpen);
}

void Section::setLimit(RowLimit limit) { m_limit = limit; }

void Section::setContent(const SectionContent &content)
{
    m_content = content;
    m_view->setTable(content.table);
    refresh();
}

void Section::addFootWidget(QWidget *widget)
{
    m_bodyLayout->insertWidget(m_bodyLayout->indexOf(m_sentence), widget);
}

QString Section::toText() const
{
    QStringList parts{sectionTitle(m_kind) +
                      (m_content.digest.isEmpty() ? QString() : u": "_s + m_content.digest)};
    if (!m_content.table.isEmpty()) parts << m_content.table.toText();
    parts << m_content.sentence;
    return parts.join(u'\n');
}

void Section::copy() { copyToClipboard(toText()); }

void Section::refresh()
{
    bindIcon(m_title, isOpen() ? u"chevron-down"_s : u"chevron-right"_s);
    m_title->setAccessibleName(sectionTitle(m_kind));
    m_title->setAccessibleDescription(isOpen() ? tr("open") : tr("closed"));
    m_digest->setFullText(m_content.digest);
    m_body->setVisible(isOpen());
    m_view->setVisible(!m_content.table.isEmpty());
    const bool canShowFewer = m_limit == RowLimit::All && !m_content.table.isEmpty();
    m_more->setVisible(m_content.numHidden > 0 || canShowFewer);
    m_more->setText(canShowFewer ? tr("Show fewer")
                                 : tr("Show %1 more").arg(integerText(m_content.numHidden)));
    m_sentence->setText(m_content.sentence);
}

bool Section::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_title && event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        if (key->matches(QKeySequence::Copy)) {
            copy();
            return true;
        }
        const bool isEnter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
        if (isEnter || (key->key() == Qt::Key_Right && !isOpen()) ||
            (key->key() == Qt::Key_Left && isOpen())) {
            m_title->click();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace orrery::ui
