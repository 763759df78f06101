// SPDX-License-Identifier: GPL-3.0-or-later
// A part of the microscope that can be closed: a title with what it says in a few words, a table, and a
// sentence. GUI thread only.
#pragma once

#include "widgets/microscope/section_content.h"

#include <QWidget>

class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace orrery::ui {

class ElidedLabel;
class ReadingTableView;
class ToneLabel;

class Section : public QWidget {
    Q_OBJECT
public:
    explicit Section(MicroscopeSection kind, QWidget *parent = nullptr);
    [[nodiscard]] MicroscopeSection kind() const { return m_kind; }
    [[nodiscard]] bool isOpen() const { return m_isOpen; }
    void setOpen(bool isOpen); ///< does not signal
    void setContent(const SectionContent &content);
    [[nodiscard]] const SectionContent &content() const { return m_content; }
    [[nodiscard]] RowLimit limit() const { return m_limit; }
    void setLimit(RowLimit limit); ///< does not signal
    [[nodiscard]] ReadingTableView *view() const { return m_view; }
    /// Stands under the table, before the sentence.
    void addFootWidget(QWidget *widget);
    /// Title, digest, table and sentence, as they are copied.
    [[nodiscard]] QString toText() const;

Q_SIGNALS:
    void toggled(bool isOpen); ///< by a person
    void limitChanged();       ///< by a person

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void refresh();
    void copy();
    void toggle();

    MicroscopeSection m_kind;
    SectionContent m_content;
    RowLimit m_limit = RowLimit::Few;
    bool m_isOpen = true;
    QToolButton *m_title;
    ElidedLabel *m_digest;
    QWidget *m_body;
    QVBoxLayout *m_bodyLayout;
    ReadingTableView *m_view;
    QPushButton *m_more;
    ToneLabel *m_sentence;
};

} // namespace orrery::ui
