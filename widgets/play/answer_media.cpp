// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/answer_media.h"

#include "widgets/common/plain_tool_tip.h"
#include "widgets/play/attachment_painter.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QScrollBar>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Tile : public QWidget {
public:
    Tile(AttachmentPtr attachment, QWidget *parent) : QWidget(parent), m_attachment(std::move(attachment))
    {
        setObjectName(u"answerMediaTile"_s);
        setFixedSize(int(kTileWidth), int(kTileHeight));
        setAccessibleName(m_attachment->name + u", "_s + attachmentDetail(*m_attachment));
        setToolTip(plainToolTip(m_attachment->path.isEmpty() ? m_attachment->name : m_attachment->path));
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        paintAttachmentTile(painter, rect(), *m_attachment);
    }

private:
    AttachmentPtr m_attachment;
};

} // namespace

AnswerMedia::AnswerMedia(QWidget *parent) : QScrollArea(parent), m_row(new QWidget), m_tiles(new QHBoxLayout)
{
    setObjectName(u"answerMedia"_s);
    setAccessibleName(tr("What the answer is about"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWidgetResizable(true);
    m_tiles->setContentsMargins(space::kOne, space::kHalf, space::kOne, 0);
    m_tiles->setSpacing(space::kHalf);
    auto *line = new QHBoxLayout(m_row);
    line->setContentsMargins(0, 0, 0, 0);
    line->addLayout(m_tiles);
    line->addStretch(1);
    setWidget(m_row);
    viewport()->setAutoFillBackground(false);
    m_row->setAutoFillBackground(false);
    hide();
}

void AnswerMedia::setAttachments(const std::vector<AttachmentPtr> &attachments)
{
    if (attachments == m_attachments) return; // told with every token
    m_attachments = attachments;
    while (QLayoutItem *item = m_tiles->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (const AttachmentPtr &one : m_attachments) m_tiles->addWidget(new Tile(one, m_row));
    setVisible(!m_attachments.empty());
    fitHeight();
}

void AnswerMedia::resizeEvent(QResizeEvent *event)
{
    QScrollArea::resizeEvent(event);
    fitHeight();
}

/// A bar stands below the tiles, not on them.
void AnswerMedia::fitHeight()
{
    const bool hasBar = m_row->sizeHint().width() > width();
    setFixedHeight(int(kTileHeight) + space::kHalf +
                   (hasBar ? horizontalScrollBar()->sizeHint().height() : 0));
}

} // namespace orrery::ui
