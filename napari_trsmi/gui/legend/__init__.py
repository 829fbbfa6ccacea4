"""The legend beside the canvas: domains, their names and colours, the key of a colouring."""
