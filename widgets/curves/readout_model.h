// SPDX-License-Identifier: GPL-3.0-or-later
// A Reading as a table of two columns, name and value. GUI thread only.
#pragma once

#include "widgets/curves/reading.h"

#include <QAbstractTableModel>

namespace orrery::ui {

class ReadoutModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { KindRole = Qt::UserRole + 1, ColorRole };
    using QAbstractTableModel::QAbstractTableModel;

    /// Rows that stay only change their data, so that a moving cursor does not reset the view.
    void setReading(Reading reading);
    [[nodiscard]] const Reading &reading() const { return m_reading; }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    /// Kinds of rows changed: spans and heights must be set again.
    void shapeChanged();

private:
    Reading m_reading;
};

} // namespace orrery::ui
