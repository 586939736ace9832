"""Test only: an independent Modbus-RTU slave on a tty, made of Debian's python3-pymodbus.

argv: tty, slave address, its registers as JSON: {"input": {register: word}, "floats": {register: number},
"holding": {register: word}}. A float takes two input registers, IEEE 754 single, high word first. Any other register
is exception 2. Prints "ready" when it serves.
"""
import asyncio
import json
import struct
import sys

from pymodbus.datastore import (
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.server import StartAsyncSerialServer
from pymodbus.transaction import ModbusRtuFramer

tty, address, registers = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])


def words(name):
    return {int(register): word for register, word in registers.get(name, {}).items()}


inputs = words("input")
for register, number in registers.get("floats", {}).items():
    high, low = struct.unpack(">HH", struct.pack(">f", float(number)))
    inputs[int(register)], inputs[int(register) + 1] = high, low


def block(values):
    # An empty block is not allowed; this register is out of everybody's way.
    return ModbusSparseDataBlock(values or {0xFFFE: 0})


async def serve():
    # Wire address 0 is index 1 of the block: pymodbus adds one unless zero_mode is set.
    slave = ModbusSlaveContext(ir=block(inputs), hr=block(words("holding")), zero_mode=True)
    context = ModbusServerContext(slaves={address: slave}, single=False)
    print("ready", flush=True)
    await StartAsyncSerialServer(context=context, framer=ModbusRtuFramer, port=tty, baudrate=9600)


asyncio.run(serve())
